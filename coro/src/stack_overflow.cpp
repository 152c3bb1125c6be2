#include "coro/stack_overflow.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <new>
#include <string_view>

#include "coro/scheduler.hpp"
#include "overflow_watch.hpp"

namespace coro {
namespace {

std::atomic<bool> reporting = false;
struct sigaction previous {};

// Of this model since a signal handler reads it, which must not allocate.
[[gnu::tls_model("initial-exec")]] constinit thread_local const Scheduler* running = nullptr;

iovec part(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};  // NOLINT(*-const-cast): only read
}

void print_overflow(const char* coroutine, std::size_t stack_size) {
  std::array<char, 20> size{};
  auto* const end = std::to_chars(size.begin(), size.end(), stack_size / 1024).ptr;
  const std::array line{part("coro: coroutine '"), part(coroutine),
                        part("' has overflowed its stack of "), part({size.begin(), end}),
                        part(" KiB\n")};
  [[maybe_unused]] const auto written =
      ::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size()));
}

// Calls only what is safe in a signal handler.
void handle_fault(int signal, siginfo_t* fault, void* /*context*/) {
  const bool was_sent = fault->si_code <= 0;
  if (!was_sent && running != nullptr)
    if (const char* coroutine = running->coroutine_guarded_at(fault->si_addr))
      print_overflow(coroutine, running->stack_size());
  // A fault happens again when this returns, and then meets the previous disposition.
  ::sigaction(signal, &previous, nullptr);
  if (was_sent) std::raise(signal);
}

bool install() {
  struct sigaction action {};
  action.sa_sigaction = handle_fault;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK);
  return ::sigaction(SIGSEGV, nullptr, &previous) == 0 &&
         ::sigaction(SIGSEGV, &action, nullptr) == 0;
}

bool has_signal_stack() {
  stack_t stack{};
  return ::sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE) == 0;
}

}  // namespace

void report_stack_overflow() {
  static const bool installed = install();
  reporting = installed;
}

namespace detail {

OverflowWatch::OverflowWatch(const Scheduler& scheduler) : before_(running) {
  running = &scheduler;
  if (!reporting || has_signal_stack()) return;
  // Without memory the process ends as it does without a report.
  stack_.reset(new (std::nothrow) SignalStack);
  if (stack_ == nullptr) return;
  const stack_t stack{.ss_sp = stack_->data(), .ss_flags = 0, .ss_size = stack_->size()};
  ::sigaltstack(&stack, nullptr);
}

OverflowWatch::~OverflowWatch() {
  running = before_;
  if (stack_ == nullptr) return;
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
}

}  // namespace detail
}  // namespace coro
