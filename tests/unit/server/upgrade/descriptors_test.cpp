#include "server/upgrade/descriptors.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "coro/descriptor.hpp"
#include "tests/unit/server/upgrade/sample_state.hpp"

namespace server {
namespace {

coro::Descriptor opened(int flags) {
  return coro::Descriptor(::open("/dev/null", O_RDONLY | flags));
}

bool is_closed_on_exec(const coro::Descriptor& descriptor) {
  return ::fcntl(descriptor.number(), F_GETFD) == FD_CLOEXEC;
}

TEST(Descriptors, AreThoseOfEachPartOfTheState) {
  EXPECT_THAT(own_descriptors(sample_state()),
              testing::UnorderedElementsAre(41, 42, 43, 44, 45, 46, 47, 48, 49));
  State state;
  state.environment.descriptors = {{.number = 3, .name = "unused"}};
  EXPECT_THAT(own_descriptors(state), testing::IsEmpty());
  EXPECT_THAT(all_descriptors(state), testing::ElementsAre(3));
}

TEST(Descriptors, AreKeptUntilTheEndOfTheScopeAndThenAsBefore) {
  const coro::Descriptor closing = opened(O_CLOEXEC);
  const coro::Descriptor staying = opened(0);
  {
    const KeptDescriptors kept({closing.number(), 1'000'000, staying.number()});
    EXPECT_FALSE(is_closed_on_exec(closing));
    EXPECT_FALSE(is_closed_on_exec(staying));
  }
  EXPECT_TRUE(is_closed_on_exec(closing));
  EXPECT_FALSE(is_closed_on_exec(staying));
}

TEST(Descriptors, AreClosedOnExecAgain) {
  const coro::Descriptor staying = opened(0);
  close_on_exec({1'000'000, staying.number()});
  EXPECT_TRUE(is_closed_on_exec(staying));
}

}  // namespace
}  // namespace server
