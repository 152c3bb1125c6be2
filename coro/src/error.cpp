#include "coro/error.hpp"

#include <string>

namespace coro {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): it is final, and never deleted
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "coro"; }
  std::string message(int value) const override {
    switch (static_cast<Error>(value)) {
      case Error::no_stack:
        return "no stack for another coroutine (see memory limits and vm.max_map_count)";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& error_category() {
  static const Category category;
  return category;
}

}  // namespace coro
