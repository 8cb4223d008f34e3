/* Makes pages quicker to use. Every page works without this file: links, forms and full loads are underneath.
   No dependency, nothing from elsewhere, no HTML built here: rows are cloned, regions come from the server. */
"use strict";

(() => {
  const root = document.documentElement;
  const words = name => document.body.dataset["words" + name] || "";
  const live = text => { document.getElementById("live").textContent = text; };
  const on = (type, selector, act, target = document) => target.addEventListener(type, event => {
    const found = event.target instanceof Element && event.target.closest(selector);
    if (found) act(found, event);
  });
  root.classList.add("has-script");

  /* navigation on narrow screens, menus, dialogs */
  on("click", "[data-navigation], [data-navigation-close]", (link, event) => {
    event.preventDefault();
    const button = document.querySelector("[data-navigation]");
    const open = document.body.classList.toggle("is-nav-open");
    button.setAttribute("aria-expanded", open);
    (open ? document.querySelector("[data-navigation-close]") : button).focus();
  });
  document.addEventListener("click", event => {
    for (const menu of document.querySelectorAll("details.c-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.c-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    const button = document.querySelector("[data-navigation][aria-expanded=true]");
    if (button) button.click();
  });
  on("click", "[data-dialog] > summary", (summary, event) => {
    event.preventDefault();
    const body = document.getElementById(summary.parentElement.dataset.dialog);
    let dialog = body.closest("dialog");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "c-dialog";
      dialog.setAttribute("aria-label", body.getAttribute("aria-label"));
      body.className = "";
      body.removeAttribute("role");
      dialog.append(body);
      summary.parentElement.after(dialog);
    }
    dialog.showModal();
  });
  on("focusin", ".c-tabs a", link => link.scrollIntoView({ inline: "center", block: "nearest" }));
  on("click", "[data-close]", button => button.closest("dialog")?.close());

  /* lists: a filter, a sort or the next page replaces one region and keeps the address */
  let loading, shown = location.pathname + location.search;
  async function swap(selector, address, remember = true, quiet = false) {
    const region = document.querySelector(selector);
    if (!region) { location.assign(address); return; }
    loading?.abort();
    loading = new AbortController();
    region.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { "X-Partial": "1" }, signal: loading.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(selector);
      if (!answer.ok || !fresh) throw new Error(answer.status);
      region.replaceWith(fresh);
      if (remember) history.pushState({ swap: selector }, "", answer.url);
      shown = location.pathname + location.search;
      live(fresh.dataset.count || "");
    } catch (problem) {
      if (problem.name !== "AbortError" && !quiet) location.assign(address);
    }
  }
  /* what is in the making: its region is looked at again, unless somebody is in it or looks elsewhere */
  setInterval(() => {
    const region = document.querySelector("[data-poll][id]");
    if (region && !document.hidden && !region.contains(document.activeElement)) swap("#" + region.id, location.href, false, true);
  }, 2000);
  function addressOf(form) {
    const address = new URL(form.action);
    address.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    return address.href;
  }
  let typing;
  on("input", "form[data-swap]", (form, event) => {
    if (event.isComposing) return;
    clearTimeout(typing);
    typing = setTimeout(() => swap(form.dataset.swap, addressOf(form)), event.target.type === "search" ? 300 : 0);
  });
  on("submit", "form[data-swap]", (form, event) => {
    event.preventDefault();
    clearTimeout(typing);
    swap(form.dataset.swap, addressOf(form));
  });
  on("click", "[data-swap-links] .c-pager a, [data-swap-links] thead a", (link, event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    swap("#" + link.closest("[data-swap-links]").id, link.href);
  });
  addEventListener("popstate", event => {
    if (shown === location.pathname + location.search) return; // only the part after # changed
    shown = location.pathname + location.search;
    if (event.state?.swap) swap(event.state.swap, location.href, false); else location.reload();
  });
  if (document.querySelector("[data-swap-links]")) {
    history.replaceState({ swap: "#" + document.querySelector("[data-swap-links]").id }, "");
  }

  /* drafts: saved while people type; somebody else's change is told, never overwritten */
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const state = form.querySelector("[data-draft-state]");
    let dirty = false, busy = false, stopped = false, timer, heard = 0;
    const say = (text, name) => { state.textContent = text; state.dataset.state = name; };
    const later = wait => { clearTimeout(timer); timer = setTimeout(save, wait); };
    /* A session that ended while somebody typed: nothing is sent into the void, and a new one brings a new token. */
    async function signedIn() {
      const page = await fetch(location.href);
      const token = new URL(page.url).pathname === "/sign-in" ? null
        : new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[name=csrf_token]");
      if (token) form.elements.csrf_token.value = token.value;
      else say(words("Ended"), "conflict");
      return Boolean(token);
    }
    async function save() {
      if (!dirty || busy || stopped) return;
      busy = true;
      dirty = false;
      say(words("Saving"), "saving");
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      data.set("_draft_revision", form.dataset.revision);
      try {
        const answer = await fetch(form.dataset.draft, { method: "POST", body: data, headers: { "X-Partial": "1" } });
        if (answer.status === 409) {
          stopped = true;
          say(words("Conflict"), "conflict");
        } else if ([400, 401].includes(answer.status)) {
          dirty = true;
          heard = 0;
          if (!await signedIn()) later(5000);
        } else {
          if (!answer.ok) throw new Error(answer.status);
          heard = Date.now();
          const saved = await answer.json();
          form.dataset.revision = saved.revision;
          if (form.elements._draft_revision) form.elements._draft_revision.value = saved.revision;
          say(saved.words, "saved");
        }
      } catch {
        dirty = true;
        say(words("Failed"), "failed");
        later(5000);
      } finally {
        busy = false;
        if (dirty && state.dataset.state !== "conflict") later(1500);
      }
    }
    form.addEventListener("input", () => { dirty = true; later(1200); });
    form.addEventListener("focusout", save);
    form.addEventListener("submit", async event => {
      if (Date.now() - heard > 20000) {
        event.preventDefault();
        event.stopPropagation();
        if (!await signedIn().catch(() => true)) { state.scrollIntoView({ block: "center" }); return; }
        heard = Date.now();
        form.requestSubmit(event.submitter);
      } else stopped = true;
    });
    addEventListener("beforeunload", event => { if (dirty && !stopped) event.preventDefault(); });
  }

  /* forms: counters, one submission only, choices that show their own fields */
  on("input", "textarea", area => {
    const counter = document.querySelector(`[data-count="${CSS.escape(area.id)}"]`);
    if (!counter) return;
    counter.querySelector("[data-counted]").textContent = [...area.value].length;
    counter.classList.toggle("u-red", [...area.value].length > counter.dataset.max);
  });
  on("submit", "form[data-once]", (form, event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    event.submitter?.classList.add("is-busy");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  });
  function showChosen(form) {
    const chosen = form.querySelector("input[name=trigger]:checked");
    const button = form.querySelector("button[type=submit]");
    for (const fields of form.querySelectorAll(".c-choice__fields")) {
      fields.hidden = !chosen || !fields.parentElement.contains(chosen);
      for (const input of fields.querySelectorAll("input, select, textarea")) input.disabled = fields.hidden;
    }
    button.textContent = chosen ? chosen.dataset.title : button.dataset.wordsPlain;
  }
  for (const form of document.querySelectorAll("form[data-choices]")) {
    showChosen(form);
    form.addEventListener("change", () => showChosen(form));
  }
  document.querySelector("[data-focus]")?.focus();

  /* editable tables: rows come and go, a pasted block of cells fills rows, totals follow */
  const inputsOf = row => [...row.querySelectorAll("input, select, textarea")];
  function renumber(table) {
    [...table.tBodies[0].rows].forEach((row, index) => {
      for (const element of row.querySelectorAll("[name], [id], [aria-label]")) {
        for (const name of ["name", "id", "value"]) {
          const old = element.getAttribute(name);
          const part = table.dataset.rows + "-";
          if (old?.startsWith(part)) element.setAttribute(name, part + old.slice(part.length).replace(/^\d+/, index));
        }
        const label = element.getAttribute("aria-label");
        if (label) element.setAttribute("aria-label", label.replace(/\d+(?=\D*$)/, index + 1));
      }
    });
    total(table);
  }
  function addRow(table) {
    const body = table.tBodies[0];
    const row = body.rows[body.rows.length - 1].cloneNode(true);
    for (const input of inputsOf(row)) { input.value = ""; input.removeAttribute("aria-invalid"); }
    for (const message of row.querySelectorAll(".c-field__error")) message.remove();
    body.append(row);
    renumber(table);
    return row;
  }
  const number = text => Number(text.normalize("NFKC").replace(/[,\s¥元%]/g, "")) || 0;
  function total(table) {
    for (const output of table.querySelectorAll("[data-total-of]")) {
      const inputs = [...table.querySelectorAll(`[data-column="${output.dataset.totalOf}"]`)];
      const hundredths = inputs[0]?.dataset.total === "hundredths"; // fen of yuan, basis points of percent
      const sum = inputs.reduce((all, input) => all + Math.round(number(input.value) * (hundredths ? 100 : 1)), 0);
      output.textContent = hundredths ? (sum / 100).toLocaleString("en", { minimumFractionDigits: 2 }) : sum;
    }
  }
  const changed = table => table.dispatchEvent(new Event("input", { bubbles: true }));
  on("click", "[data-add-row]", (button, event) => {
    event.preventDefault();
    const table = document.querySelector(`[data-rows="${CSS.escape(button.dataset.addRow)}"]`);
    inputsOf(addRow(table))[0].focus();
  });
  on("click", "[data-remove-row]", (button, event) => {
    event.preventDefault();
    const row = button.closest("tr"), table = row.closest("table");
    const neighbour = row.nextElementSibling || row.previousElementSibling;
    if (neighbour) row.remove(); else for (const input of inputsOf(row)) input.value = "";
    renumber(table);
    changed(table);
    inputsOf(neighbour || row)[0].focus();
  });
  on("input", "[data-rows]", table => total(table));
  for (const table of document.querySelectorAll("[data-rows][data-fixed]")) total(table);
  // A sheet with a row for each question has no more of them: Enter goes on to the next part's first.
  function rowAfter(row) {
    const table = row.closest("table");
    if (row.nextElementSibling || !("fixed" in table.dataset)) return row.nextElementSibling || addRow(table);
    const tables = [...document.querySelectorAll("[data-rows][data-fixed]")];
    return tables[tables.indexOf(table) + 1]?.querySelector("tbody tr") || null;
  }
  on("keydown", "[data-rows] input", (input, event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    rowAfter(input.closest("tr"))?.querySelector(`[data-column="${input.dataset.column}"]`).focus();
  });
  /* a spreadsheet puts a cell that holds tabs, line ends or quotes into quotes and doubles the quotes in it */
  function cellsOf(text) {
    const lines = [[]];
    let cell = "", quoted = false;
    const close = () => { lines[lines.length - 1].push(cell.trim()); cell = ""; };
    for (let at = 0; at < text.length; at++) {
      const sign = text[at];
      if (quoted && sign === '"' && text[at + 1] === '"') { cell += sign; at++; }
      else if (quoted) { if (sign === '"') quoted = false; else cell += sign; }
      else if (sign === '"' && !cell) quoted = true;
      else if (sign === "\t") close();
      else if (sign === "\n") { close(); lines.push([]); }
      else if (sign !== "\r") cell += sign;
    }
    close();
    return quoted ? text.split(/\r?\n/).map(line => line.split("\t").map(part => part.trim())) : lines;
  }
  function put(cell, value) {
    const option = [...(cell.options || [])].find(each => each.value === value || each.text.trim() === value);
    cell.value = option ? option.value : value;
  }
  on("paste", "[data-rows] input", (input, event) => {
    const text = event.clipboardData.getData("text").replace(/\r?\n$/, "");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const table = input.closest("table");
    let row = input.closest("tr");
    const first = inputsOf(row).indexOf(input);
    cellsOf(text).forEach((line, index) => {
      if (index) row = rowAfter(row) || row;
      line.forEach((value, place) => {
        const cell = inputsOf(row)[first + place];
        if (cell) put(cell, value);
      });
    });
    changed(table);
  });

  /* copy a number */
  on("click", "[data-copy]", async button => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-done");
    live(words("Copied"));
    setTimeout(() => button.classList.remove("is-done"), 2000);
  });

  /* single keys: never while typing or composing Chinese, and they can be switched off */
  const keys = document.getElementById("keys");
  const off = document.querySelector("[data-keys-off]");
  off.checked = localStorage.getItem("keys-off") === "1";
  off.addEventListener("change", () => localStorage.setItem("keys-off", off.checked ? "1" : "0"));
  function step(by) {
    const rows = [...document.querySelectorAll("[data-row]")].filter(row => row.querySelector("a"));
    const at = rows.findIndex(row => row.contains(document.activeElement));
    rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.querySelector("a").focus();
  }
  document.addEventListener("keydown", event => {
    const typingNow = event.target.closest("input, textarea, select, dialog, [contenteditable]");
    if (typingNow || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || off.checked) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search-key]");
      if (search?.offsetParent) { event.preventDefault(); search.focus(); }
    } else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") keys.showModal();
    else document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
})();
