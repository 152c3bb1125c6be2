#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "coro/coroutine.hpp"

namespace coro {

/// A producer that its consumer resumes: one value for each resume(), none after the function has
/// ended.
///
///     Generator<int> countdown([](auto& yield) { for (int n = 3; n > 0; --n) yield(n); });
///     for (int n : countdown) ...
///
/// With a second type values go both ways, as in Lua: the first one that the consumer sends is the
/// function's second argument, each later one is what yield() returns to it.
///
///     Generator<int, int> sum([](auto& yield, int n) {
///       for (int total = 0;;) n = yield(total += n);
///     });
///     sum.resume(2);  // 2
///     sum.resume(3);  // 5
///
/// Nothing runs before the first resume(). An exception that leaves the function comes out of
/// resume(). A generator that is destroyed early is unwound: the destructors of its locals run. It
/// runs on its consumer's time, so it must not wait for I/O, unless the I/O blocks.
template <typename Out, typename In = void>
class Generator {
  static_assert(std::is_object_v<Out>, "a generator gives values");

 public:
  class Yielder;

  /// function(yield), or function(yield, first) when values are sent in. The stack comes from the
  /// pool, which must outlive the generator. Throws std::bad_alloc if there is none.
  template <typename Function>
  explicit Generator(Function function, StackPool& stacks = StackPool::of_this_thread())
      : state_(std::make_unique<State>(stacks)) {
    state_->coroutine.start(
        [state = state_.get(), function = std::move(function)](Coroutine&) mutable {
          Yielder yield(*state);
          if constexpr (sends)
            function(yield, yield.received());
          else
            function(yield);
        });
  }

  /// The next value, or nothing if the function has ended. Throws what leaves the function, and
  /// std::logic_error once it is done.
  std::optional<Out> resume() requires std::is_void_v<In> { return advance(); }

  template <std::convertible_to<In> Sent>
  requires(!std::is_void_v<In>) std::optional<Out> resume(Sent&& sent) {
    resumable().in.emplace(std::forward<Sent>(sent));
    return advance();
  }

  /// There is nothing more to come: the function has ended, or this generator was moved from.
  bool done() const { return !state_ || state_->coroutine.done(); }

  class Iterator;

  /// Resumes for the first value; a generator is gone through once.
  Iterator begin() requires std::is_void_v<In> { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  static constexpr bool sends = !std::is_void_v<In>;
  struct Nothing {};

  // In one place in memory, however the generator itself is moved.
  struct State {
    explicit State(StackPool& stacks) : coroutine(stacks) {}
    std::optional<Out> out;
    std::optional<std::conditional_t<sends, In, Nothing>> in;
    Coroutine coroutine;  // last, so that it is unwound before what it uses is destroyed
  };

  State& resumable() const {
    if (done()) throw std::logic_error("cannot resume a generator that is done");
    return *state_;
  }

  std::optional<Out> advance() {
    State& state = resumable();
    state.coroutine.resume();
    return std::exchange(state.out, std::nullopt);
  }

  std::unique_ptr<State> state_;
};

/// The generator's inside.
template <typename Out, typename In>
class Generator<Out, In>::Yielder {
 public:
  /// Hands the value to the consumer and suspends; returns what the next resume() sends.
  In operator()(Out value) {
    state_->out.emplace(std::move(value));
    state_->coroutine.suspend();
    if constexpr (sends) return received();
  }

 private:
  friend class Generator;
  explicit Yielder(State& state) : state_(&state) {}

  In received() requires sends { return *std::exchange(state_->in, std::nullopt); }

  State* state_;
};

/// An input iterator: each increment resumes the generator.
template <typename Out, typename In>
class Generator<Out, In>::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Out;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(Generator& generator) : generator_(&generator) { ++*this; }

  Out& operator*() const { return *value_; }
  Iterator& operator++() {
    value_ = generator_->done() ? std::nullopt : generator_->advance();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !value_; }

 private:
  Generator* generator_;
  mutable std::optional<Out> value_;
};

}  // namespace coro
