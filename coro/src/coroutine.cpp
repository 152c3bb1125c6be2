#include "coro/coroutine.hpp"

#include <unistd.h>

#include <boost/context/stack_traits.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace coro {

// Boost's view of the pool: a small value that it copies onto the stack it gets from it.
class Coroutine::StackAllocator {
 public:
  using traits_type = boost::context::stack_traits;

  StackAllocator(StackPool& pool, boost::context::stack_context& stack)
      : pool_(&pool), stack_(&stack) {}

  boost::context::stack_context allocate() { return *stack_ = pool_->allocate(); }
  void deallocate(boost::context::stack_context& stack) noexcept { pool_->deallocate(stack); }

 private:
  StackPool* pool_;
  boost::context::stack_context* stack_;
};

Coroutine::Coroutine(StackPool& pool)
    : outside_(StackAllocator(pool, stack_),
               [this](Ends::pull_type& inside) { run_functions(inside); }) {}

Coroutine::~Coroutine() = default;

// The one frame that stays on the stack from function to function.
void Coroutine::run_functions(Ends::pull_type& inside) {
  inside_ = &inside;
  for (;;) {
    function_->run(*this);
    // Its destructor may still need the scheduler's stack, and only then it is done().
    function_.get_deleter()(function_.get());
    static_cast<void>(function_.release());
    inside();
  }
}

void Coroutine::start(std::unique_ptr<AnyFunction> function) {
  assert(done() && !failed());
  function_ = std::move(function);
}

bool Coroutine::is_inside() const {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto top = reinterpret_cast<std::uintptr_t>(stack_.sp);
  return here <= top && here > top - stack_.size;
}

bool Coroutine::guards(const void* address) const {
  const auto fault = reinterpret_cast<std::uintptr_t>(address);
  const auto bottom = reinterpret_cast<std::uintptr_t>(stack_.sp) - stack_.size;
  return fault < bottom && fault >= bottom - static_cast<std::size_t>(::getpagesize());
}

}  // namespace coro
