"""Merkle trees: known vectors, and every proof of every tree up to forty leaves."""

from hashlib import sha256

import pytest

from workflows.rules.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofError,
    consistency_proof,
    inclusion_proof,
    inclusion_proofs,
    leaf_hash,
    node_hash,
    root,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(n).encode()) for n in range(40)]
SIZES = range(1, len(LEAVES) + 1)


def test_hashes_are_those_of_rfc_6962():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()


def test_the_root_of_the_published_test_tree_is_found():
    # The inputs and root that certificate-transparency implementations share as test data.
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", bytes(range(96, 112)).hex()]

    found = root([leaf_hash(bytes.fromhex(text)) for text in inputs])

    assert found.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", SIZES)
def test_the_frontier_has_the_root_of_the_recursive_definition(size):
    def defined(leaves):
        if len(leaves) == 1:
            return leaves[0]
        half = 1
        while half * 2 < len(leaves):
            half *= 2
        return node_hash(defined(leaves[:half]), defined(leaves[half:]))

    assert root(LEAVES[:size]) == defined(LEAVES[:size])


def test_a_frontier_goes_on_from_what_was_kept():
    first = Frontier()
    for leaf in LEAVES[:11]:
        first.add(leaf)

    second = Frontier(first.size, first.peaks)
    for leaf in LEAVES[11:]:
        second.add(leaf)

    assert second.root() == root(LEAVES)
    assert Frontier().root() == EMPTY_ROOT
    with pytest.raises(ValueError):
        Frontier(3, first.peaks[:1])


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_and_nothing_else_is(size):
    leaves = LEAVES[:size]
    whole = root(leaves)
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        assert verify_inclusion(leaves[index], index, size, proof, whole)
        assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, whole)
        assert not verify_inclusion(leaves[index], index, size, [*proof, whole], whole)
        if proof:
            assert not verify_inclusion(leaves[index], index, size, proof[:-1], whole)
            assert not verify_inclusion(leaves[index], index, size, [whole, *proof[1:]], whole)
        for other in {index - 1, index + 1, size}:
            assert not verify_inclusion(leaves[index], other, size, proof, whole)


@pytest.mark.parametrize("size", SIZES)
def test_every_older_tree_is_proven_and_no_other(size):
    leaves = LEAVES[:size]
    whole = root(leaves)
    for older in range(1, size + 1):
        proof = consistency_proof(leaves, older)
        assert verify_consistency(older, root(leaves[:older]), size, whole, proof)
        assert not verify_consistency(older, leaf_hash(b"forged"), size, whole, proof)
        assert not verify_consistency(older, root(leaves[:older]), size, leaf_hash(b"forged"), proof)
        assert not verify_consistency(older, root(leaves[:older]), size, whole, [*proof, whole])
        if proof:
            assert not verify_consistency(older, root(leaves[:older]), size, whole, proof[:-1])
        if older > 1:
            assert not verify_consistency(older - 1, root(leaves[:older]), size, whole, proof)


def test_a_newer_tree_cannot_be_inside_an_older_one():
    assert not verify_consistency(3, root(LEAVES[:3]), 2, root(LEAVES[:2]), [])
    assert not verify_consistency(0, EMPTY_ROOT, 2, root(LEAVES[:2]), [])


def test_there_are_no_proofs_outside_the_tree():
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES[:3], 4)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES[:3], 0)
    with pytest.raises(ProofError):
        root_from_inclusion(LEAVES[0], 3, 3, [])


@pytest.mark.parametrize("size", [0, *SIZES])
def test_proofs_made_in_one_reading_are_those_made_one_by_one(size):
    wanted = range(0, size, 3)

    found = inclusion_proofs(iter(LEAVES[:size]), wanted)

    assert found == (size, root(LEAVES[:size]), {n: inclusion_proof(LEAVES[:size], n) for n in wanted})
