#include "coro/generator.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

Generator<int> count_to(int last) {
  return Generator<int>([last](auto& yield) {
    for (int number = 1; number <= last; ++number)
      yield(number);
  });
}

TEST(Generator, GivesOneValueForEachResumeAndNothingAtTheEnd) {
  Generator<int> numbers = count_to(2);
  EXPECT_THAT(numbers.resume(), Optional(1));
  EXPECT_THAT(numbers.resume(), Optional(2));
  EXPECT_FALSE(numbers.done());
  EXPECT_EQ(numbers.resume(), std::nullopt);
  EXPECT_TRUE(numbers.done());
}

TEST(Generator, RunsNothingBeforeTheFirstResume) {
  bool ran = false;
  Generator<int> generator([&ran](auto& yield) {
    ran = true;
    yield(1);
  });
  EXPECT_FALSE(ran);
  EXPECT_FALSE(generator.done());
  generator.resume();
  EXPECT_TRUE(ran);
}

TEST(Generator, CanBeGoneThroughInARangeFor) {
  std::vector<int> numbers;
  for (const int number : count_to(3))
    numbers.push_back(number);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
}

TEST(Generator, AnEmptyOneGivesNothing) {
  Generator<int> nothing([](auto&) {});
  for (const int number : nothing)
    ADD_FAILURE() << number;
  EXPECT_TRUE(nothing.done());
}

TEST(Generator, IsAnInputRangeForTheStandardLibrary) {
  static_assert(std::ranges::input_range<Generator<int>>);
  static_assert(std::ranges::input_range<Generator<std::unique_ptr<int>>>);
  Generator<int> numbers = count_to(5);
  std::vector<int> even;
  std::ranges::copy_if(numbers, std::back_inserter(even),
                       [](int number) { return number % 2 == 0; });
  EXPECT_THAT(even, ElementsAre(2, 4));
}

TEST(Generator, SendsValuesInAsLuaDoes) {
  std::vector<int> received;
  Generator<std::string, int> generator([&received](auto& yield, int first) {
    received.push_back(first);
    received.push_back(yield("one"));
    received.push_back(yield("two"));
  });
  EXPECT_THAT(received, IsEmpty());
  EXPECT_THAT(generator.resume(10), Optional(std::string("one")));
  EXPECT_THAT(generator.resume(20), Optional(std::string("two")));
  EXPECT_EQ(generator.resume(30), std::nullopt);
  EXPECT_THAT(received, ElementsAre(10, 20, 30));
}

TEST(Generator, MovesValuesThatCannotBeCopied) {
  using Number = std::unique_ptr<int>;
  Generator<Number, Number> twice([](auto& yield, Number number) {
    for (;;)
      number = yield(std::make_unique<int>(*number * 2));
  });
  EXPECT_EQ(**twice.resume(std::make_unique<int>(4)), 8);
  EXPECT_EQ(**twice.resume(std::make_unique<int>(5)), 10);
}

TEST(Generator, AnExceptionCrossesToTheConsumer) {
  Generator<int> generator([](auto& yield) {
    yield(1);
    throw std::runtime_error("out of luck");
  });
  EXPECT_THAT(generator.resume(), Optional(1));
  EXPECT_THROW(generator.resume(), std::runtime_error);
  EXPECT_TRUE(generator.done());
}

TEST(Generator, AnExceptionCrossesThroughARangeFor) {
  Generator<int> generator([](auto& yield) {
    yield(1);
    throw std::runtime_error("out of luck");
  });
  std::vector<int> numbers;
  EXPECT_THROW(
      {
        for (const int number : generator)
          numbers.push_back(number);
      },
      std::runtime_error);
  EXPECT_THAT(numbers, ElementsAre(1));
}

TEST(Generator, ResumingOneThatIsDoneThrows) {
  Generator<int> ended = count_to(0);
  EXPECT_EQ(ended.resume(), std::nullopt);
  EXPECT_THROW(ended.resume(), std::logic_error);

  Generator<int> failed([](auto&) { throw std::runtime_error("out of luck"); });
  EXPECT_THROW(failed.resume(), std::runtime_error);
  EXPECT_THROW(failed.resume(), std::logic_error);
}

TEST(Generator, DestroyingItEarlyRunsTheDestructorsOfItsLocals) {
  Events events;
  {
    Generator<int> generator([&events](auto& yield) {
      const Witness witness(events, "unwound");
      yield(1);
      events.emplace_back("not reached");
    });
    generator.resume();
  }
  EXPECT_THAT(events, ElementsAre("unwound"));
}

TEST(Generator, DestroyingOneThatNeverRanDestroysItsFunction) {
  Events events;
  {
    const Generator<int> generator([witness = Witness(events, "function")](auto&) {});
  }
  EXPECT_THAT(events, ElementsAre("function"));
}

TEST(Generator, DestroyingItWhileAnExceptionPassesUnwindsIt) {
  Events events;
  EXPECT_THROW(
      {
        Generator<int> generator([&events](auto& yield) {
          const Witness witness(events, "unwound");
          yield(1);
        });
        generator.resume();
        throw std::runtime_error("out of luck");
      },
      std::runtime_error);
  EXPECT_THAT(events, ElementsAre("unwound"));
}

TEST(Generator, OneThatWasMovedFromIsDone) {
  Generator<int> numbers = count_to(2);
  const Generator<int> moved = std::move(numbers);
  EXPECT_FALSE(moved.done());
  // NOLINTBEGIN(bugprone-use-after-move): that is the test
  EXPECT_TRUE(numbers.done());
  EXPECT_THROW(numbers.resume(), std::logic_error);
  for (const int number : numbers)
    ADD_FAILURE() << number;
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Generator, OneThatWasMovedFromTakesNoValue) {
  Generator<int, int> sum([](auto& yield, int n) { yield(n); });
  Generator<int, int> moved = std::move(sum);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is the test
  EXPECT_THROW(sum.resume(1), std::logic_error);
  EXPECT_THAT(moved.resume(1), Optional(1));
}

TEST(Generator, CanBeMovedWhileSuspended) {
  Generator<int> numbers = count_to(2);
  numbers.resume();
  Generator<int> moved = std::move(numbers);
  EXPECT_THAT(moved.resume(), Optional(2));
  EXPECT_EQ(moved.resume(), std::nullopt);
}

TEST(Generator, AGeneratorMayGoThroughAnother) {
  Generator<int> squares([](auto& yield) {
    for (const int number : count_to(3))
      yield(number * number);
  });
  std::vector<int> numbers;
  for (const int number : squares)
    numbers.push_back(number);
  EXPECT_THAT(numbers, ElementsAre(1, 4, 9));
}

TEST(Generator, ReusesTheStackOfTheOneBefore) {
  StackPool pool;
  for (int i = 0; i < 100; ++i) {
    Generator<int> generator([](auto& yield) { yield(1); }, pool);
    generator.resume();
  }
  EXPECT_EQ(pool.held(), 1U);
}

TEST(Generator, ProducerAndFilterAndConsumerTakeTurns) {
  Events events;
  Generator<int> producer([&events](auto& yield) {
    for (int item = 1; item <= 2; ++item) {
      events.push_back("produce " + std::to_string(item));
      yield(item);
    }
  });
  Generator<int> filter([&](auto& yield) {
    for (const int item : producer) {
      events.push_back("filter " + std::to_string(item));
      yield(item * 10);
    }
  });
  for (const int item : filter)
    events.push_back("consume " + std::to_string(item));
  EXPECT_THAT(events, ElementsAre("produce 1", "filter 1", "consume 10",  //
                                  "produce 2", "filter 2", "consume 20"));
}

TEST(Generator, RunsInsideASpawnedCoroutine) {
  run([](Yield yield) {
    int sum = 0;
    for (const int number : count_to(3)) {
      yield.now();
      sum += number;
    }
    EXPECT_EQ(sum, 6);
  });
}

}  // namespace
}  // namespace coro
