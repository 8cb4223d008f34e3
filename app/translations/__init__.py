"""What do the pages say? msgids are English and stand in the code; the Chinese is in zh_Hans_CN/LC_MESSAGES."""
