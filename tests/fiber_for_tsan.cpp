// The part of Boost.Context's ucontext variant that is no header (libs/context/src/fiber.cpp),
// which Debian does not package: ThreadSanitizer knows the coroutines of that variant only.
// README.md has the command.
#include <boost/context/fiber.hpp>

namespace boost::context::detail {

static thread_local fiber_activation_record* current_record;
static thread_local std::size_t initializers;

fiber_activation_record_initializer::fiber_activation_record_initializer() noexcept {
  if (initializers++ == 0) current_record = new fiber_activation_record();
}

fiber_activation_record_initializer::~fiber_activation_record_initializer() {
  if (--initializers == 0) delete current_record;
}

fiber_activation_record*& fiber_activation_record::current() noexcept {
  static thread_local fiber_activation_record_initializer initializer;
  return current_record;
}

}  // namespace boost::context::detail
