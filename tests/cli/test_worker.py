"""`laneway worker`: one more process for turns, where there is a database to share."""

from tests.cli.shell import Shell


def test_without_a_database_to_share_it_says_what_to_set(shell: Shell):
    refused = shell.run("worker", ok=False)

    assert "database_url" in refused.stderr
    assert "laneway serve" in refused.stderr


def test_a_database_that_is_not_there_ends_it_with_the_reason(shell: Shell):
    refused = shell.run("worker", "--database-url", "postgresql://nobody@127.0.0.1:1/none", ok=False)

    assert "could not be reached" in refused.stderr
