#pragma once

/// The modes of the terminal that standard input is (termios(3)): for editing, keys come one by one
/// and without an echo, and pasted text is marked.
namespace client {

/// Remembers the modes that the terminal has, to be called once, first. From now on they are given
/// back however the process ends, except by SIGKILL: also by a signal that is not caught, an exit
/// or an abort.
void remember_terminal_modes();

/// Sets the modes for editing. In the background this stops the process until it is brought back.
void take_terminal();

/// Sets the remembered modes, if the terminal was taken. Does nothing in the background, where the
/// terminal is another process's.
void give_terminal_back();

}  // namespace client
