#pragma once

#include <coroutine>
#include <exception>
#include <utility>

/// The least that can be made of a C++20 coroutine: it suspends, and is resumed by its owner.
class BareCoroutine {
 public:
  // NOLINTNEXTLINE(readability-identifier-naming): the language's name
  struct promise_type {
    BareCoroutine get_return_object() {
      return BareCoroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  BareCoroutine(BareCoroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  BareCoroutine& operator=(BareCoroutine&&) = delete;
  BareCoroutine(const BareCoroutine&) = delete;
  BareCoroutine& operator=(const BareCoroutine&) = delete;
  ~BareCoroutine() {
    if (handle_) handle_.destroy();
  }

  void resume() { handle_.resume(); }

 private:
  explicit BareCoroutine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};
