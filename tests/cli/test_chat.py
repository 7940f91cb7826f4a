import os
import signal

from tests.cli.shell import Shell, Terminal


def begin(shell: Shell) -> Terminal:
    """A chat that is ready for keys."""
    chatting = shell.terminal("chat", "--agent", "script")
    chatting.see("Alt-Enter breaks a line.]")
    return chatting


def test_an_answer_is_shown_while_it_is_being_said(settled: Shell):
    chatting = begin(settled)

    chatting.type("say one two three\nask more?\r".replace("\n", "\x1b\r"))
    chatting.see("> say one two three")
    chatting.see("one two three")
    chatting.see("more?")
    chatting.type("/no\r")
    chatting.type("say goodbye\r")
    chatting.see("goodbye")
    chatting.type("\x04")

    assert chatting.ended() == 0


def test_ctrl_c_stops_the_turn_and_not_the_server_and_twice_at_rest_it_leaves(settled: Shell):
    chatting = begin(settled)
    chatting.type("say working\x1b\rsleep 600\r")
    chatting.see("> say working")
    chatting.see("working")

    chatting.type("\x03")
    chatting.see("[stopped]")
    chatting.type("say still here\r")
    chatting.see("> say still here")
    chatting.see("still here")
    chatting.see("24;3H")
    chatting.type("\x03")
    chatting.see("Ctrl-C again leaves")
    chatting.type("\x03")

    assert chatting.ended() == 0
    assert settled.json("ask", "--agent", "script", "say alive")["answer"] == "alive"


def test_messages_typed_meanwhile_wait_where_they_can_be_seen(settled: Shell):
    chatting = begin(settled)
    chatting.type("say working\x1b\rask go on?\r")
    chatting.see("go on?")

    chatting.type("say second\r")
    chatting.see("1 waiting: say second")
    chatting.type("say third\r")
    chatting.see("2 waiting: say second · say third")
    chatting.type("/yes\r")
    chatting.see("> say second")
    chatting.see("> say third")
    chatting.type("\x04")

    assert chatting.ended() == 0


def test_a_half_typed_line_is_forgotten_by_ctrl_c_before_anything_else(settled: Shell):
    chatting = begin(settled)

    chatting.type("half a li")
    chatting.see("half a li")
    chatting.type("\x03")
    chatting.type("say whole\r")
    chatting.see("> say whole")
    chatting.type("/quit\r")

    assert chatting.ended() == 0


def test_an_agent_cannot_take_over_the_terminal(settled: Shell):
    chatting = begin(settled)

    chatting.type("\x1b[200~say \x1b]0;owned\x07end\x1b[201~\r")
    chatting.see("> say")
    chatting.see("owned")
    chatting.type("\x04")

    assert chatting.ended() == 0
    assert "\x1b]0;owned" not in chatting.shown


def test_a_terminal_that_is_closed_ends_the_chat_and_cancels_nothing(settled: Shell):
    chatting = begin(settled)
    chatting.type("say working\x1b\rask go on?\r")
    chatting.see("go on?")

    os.kill(chatting.pid, signal.SIGHUP)
    chatting.ended()

    assert settled.json("threads", "--limit", "1")[0]["status"] == "waiting"


def test_without_a_terminal_lines_are_messages_and_answers_are_the_output(settled: Shell):
    done = settled.run("chat", "--agent", "script", input="say one\nsay two\n")

    assert done.stdout.splitlines()[:2] == ["> say one", "one"]
    assert done.stdout.splitlines()[-1] == "two"
