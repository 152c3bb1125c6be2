#include "server/log/log_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace server {
namespace {

TEST(LogQueue, GivesBackCopiesInOrder) {
  LogQueue queue;
  for (std::uint64_t i = 0; i < 3; ++i) {
    std::string peer = "peer" + std::to_string(i);
    std::string text(i, 'x');
    queue.push({.kind = LogKind::receive, .client = i, .peer = peer, .text = text});
    peer.assign(peer.size(), '?');
    text.assign(text.size(), '?');
  }
  std::uint64_t next = 0;
  queue.drain([&](const LogRecord& record) {
    EXPECT_EQ(record.client, next);
    EXPECT_EQ(record.peer, "peer" + std::to_string(next));
    EXPECT_EQ(record.text, std::string(next, 'x'));
    ++next;
  });
  EXPECT_EQ(next, 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(LogQueue, IsBoundedInRecords) {
  LogQueue queue;
  const LogRecord record;
  for (std::size_t i = 0; i < LogQueue::max_records; ++i) {
    ASSERT_TRUE(queue.fits(record));
    queue.push(record);
  }
  EXPECT_FALSE(queue.fits(record));
  queue.drain([](const LogRecord&) {});
  EXPECT_TRUE(queue.fits(record));
}

TEST(LogQueue, IsBoundedInText) {
  LogQueue queue;
  const std::string half(LogQueue::max_text / 2, 'x');
  queue.push({.text = half});
  EXPECT_TRUE(queue.fits({.text = half}));
  EXPECT_FALSE(queue.fits({.peer = "p", .text = half}));
}

TEST(LogQueue, TakesOneRecordOfAnySize) {
  LogQueue queue;
  const std::string text(LogQueue::max_text * 2, 'x');
  EXPECT_TRUE(queue.fits({.text = text}));
}

}  // namespace
}  // namespace server
