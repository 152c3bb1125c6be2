#include "server/process/notify_socket.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <string>

#include "tests/temporary_directory.hpp"
#include "tests/unit/server/notify_receiver.hpp"

namespace server {
namespace {

class NotifySocketTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(NotifySocketTest, SendsAMessageToAPath) {
  NotifyReceiver receiver(directory_ / "notify");
  EXPECT_FALSE(NotifySocket(directory_ / "notify").send("READY=1\nSTATUS=up"));
  EXPECT_EQ("READY=1\nSTATUS=up", receiver.receive());
}

TEST_F(NotifySocketTest, SendsAMessageToAnAbstractName) {
  const std::string name = "@coroecho-test-" + std::to_string(::getpid());
  NotifyReceiver receiver(name);
  EXPECT_FALSE(NotifySocket(name).send("READY=1"));
  EXPECT_EQ("READY=1", receiver.receive());
}

TEST_F(NotifySocketTest, SendsToTheReceiverThatIsThereAtThatTime) {
  const NotifySocket sender(directory_ / "notify");
  EXPECT_TRUE(sender.send("READY=1"));
  {
    NotifyReceiver first(directory_ / "notify");
    EXPECT_FALSE(sender.send("READY=1"));
    EXPECT_EQ("READY=1", first.receive());
  }
  EXPECT_EQ(boost::asio::error::connection_refused, sender.send("READY=1"));
  std::filesystem::remove(directory_ / "notify");
  NotifyReceiver second(directory_ / "notify");
  EXPECT_FALSE(sender.send("WATCHDOG=1"));
  EXPECT_EQ("WATCHDOG=1", second.receive());
}

TEST_F(NotifySocketTest, DoesNotWaitForAReceiverThatDoesNotRead) {
  NotifyReceiver receiver(directory_ / "notify");
  const NotifySocket sender(directory_ / "notify");
  coro::error_code error;
  for (int sent = 0; !error && sent < 1'000'000; ++sent)
    error = sender.send("WATCHDOG=1");
  EXPECT_EQ(boost::asio::error::would_block, error);
}

TEST_F(NotifySocketTest, TellsOfAnAddressThatIsNone) {
  for (const std::string address : {"", "/", "@", "relative", "vsock:2:1234"}) {
    EXPECT_TRUE(NotifySocket(address).send("READY=1")) << address;
  }
  EXPECT_TRUE(NotifySocket("/" + std::string(200, 'x')).send("READY=1"));
}

}  // namespace
}  // namespace server
