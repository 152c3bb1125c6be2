#include "server/session/delivery.hpp"

#include <gtest/gtest.h>

namespace {

using server::Delivery;

void look_often(Delivery& delivery, int looks, std::uint64_t sent, std::size_t unacknowledged) {
  for (int i = 0; i < looks; ++i)
    delivery.look(sent, unacknowledged);
}

TEST(DeliveryTest, IsCompleteBeforeAnythingIsSentAndWhenAllHasArrived) {
  Delivery delivery;
  EXPECT_TRUE(delivery.complete(0));
  EXPECT_FALSE(delivery.complete(100));
  delivery.look(100, 1);
  EXPECT_FALSE(delivery.complete(100));
  delivery.look(100, 0);
  EXPECT_TRUE(delivery.complete(100));
  EXPECT_FALSE(delivery.complete(101));
}

TEST(DeliveryTest, AClientThatTakesNothingHasStalledAfterSoManyLooks) {
  Delivery delivery;
  delivery.look(1000, 400);  // some of it has arrived
  look_often(delivery, Delivery::patience - 1, 1000, 400);
  EXPECT_FALSE(delivery.stalled());
  delivery.look(1000, 400);
  EXPECT_TRUE(delivery.stalled());
}

TEST(DeliveryTest, AClientThatTakesNothingStallsHoweverMuchItIsSentMeanwhile) {
  Delivery delivery;
  for (std::size_t more = 0; more <= Delivery::patience; ++more)
    delivery.look(1000 + more, 400 + more);
  EXPECT_TRUE(delivery.stalled());
}

TEST(DeliveryTest, OneByteInTimeIsProgress) {
  Delivery delivery;
  for (std::size_t left = 400; left > 0; --left) {
    look_often(delivery, Delivery::patience, 1000, left);
    EXPECT_FALSE(delivery.stalled());
  }
}

TEST(DeliveryTest, ProgressAtTheLastMomentEndsTheStall) {
  Delivery delivery;
  look_often(delivery, Delivery::patience + 1, 1000, 400);
  EXPECT_TRUE(delivery.stalled());
  delivery.look(1000, 399);
  EXPECT_FALSE(delivery.stalled());
}

// A Unix socket counts 700 bytes and more for each message, however small.
TEST(DeliveryTest, TakesProgressAlsoFromASocketThatCountsMemory) {
  Delivery reads;
  Delivery does_not;
  for (std::uint64_t i = 1; i <= 2 * Delivery::patience; ++i) {
    reads.look(i, 768);
    does_not.look(i, i * 768);
  }
  EXPECT_FALSE(reads.stalled());
  EXPECT_TRUE(does_not.stalled());
}

}  // namespace
