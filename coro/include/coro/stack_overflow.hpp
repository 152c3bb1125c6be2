#pragma once

namespace coro {

/// Makes an overflow of a coroutine's stack report the coroutine's name, in one line on standard
/// error:
///
///     coro: coroutine 'session' has overflowed its stack of 64 KiB
///
/// The process then ends by SIGSEGV as it would have done without the report, with a core dump
/// where the system makes one.
///
/// Call it before Scheduler::run(), and after the program has installed its own handler of SIGSEGV,
/// if any: that one takes over after the report, and for every other fault. A second call does
/// nothing. The report covers the coroutines of schedulers, on all threads; a Generator, or a
/// Coroutine of the program's own, has no name.
void report_stack_overflow();

}  // namespace coro
