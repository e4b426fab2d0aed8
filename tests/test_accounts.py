from leadline.accounts import Account, State, read_account, write_account


def test_an_account_reads_back_as_it_was_written(tmp_path):
    beam = Account("segments", "gt1r", State.EMPTY_BEAM, "gt1r is empty", {"photons": 0})
    account = Account("segments", "20191104200000_90010510", parts=(beam, Account("segments", "gt2r")))
    write_account(tmp_path / "account.json", account)
    assert read_account(tmp_path / "account.json") == account


def test_everything_lists_an_account_and_its_parts():
    account = Account("labels", "batch", parts=(Account("labels", "a", parts=(Account("labels", "b"),)),))
    assert [inner.subject for inner in account.everything()] == ["batch", "a", "b"]
