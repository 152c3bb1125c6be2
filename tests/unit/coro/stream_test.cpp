#include "coro/stream.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

namespace error = boost::asio::error;

// A Stream, and its other end as a socket of Asio's.
struct Connection {
  explicit Connection(Yield yield) : far(yield.executor()), near(accepted(yield, far)) {}

  static Stream accepted(Yield yield, TcpSocket& far) {
    TcpAcceptor acceptor(yield.executor(), {boost::asio::ip::address_v4::loopback(), 0});
    far.connect(acceptor.local_endpoint());
    return Stream(yield.scheduler(), Descriptor(acceptor.accept().release()));
  }

  TcpSocket far;
  Stream near;
};

std::string receive(Stream& stream, error_code& error) {
  std::array<char, 64> buffer{};
  return {buffer.data(), stream.receive(boost::asio::buffer(buffer), error)};
}

TEST(Stream, ReceivesWhatWasSent) {
  run([](Yield yield) {
    Connection connection(yield);
    boost::asio::write(connection.far, boost::asio::buffer("hello", 5));
    EXPECT_FALSE(connection.near.wait_readable(yield));
    EXPECT_EQ(connection.near.available(), 5U);
    error_code error;
    EXPECT_EQ(receive(connection.near, error), "hello");
    EXPECT_FALSE(error);
  });
}

TEST(Stream, SendsWhatIsReceived) {
  run([](Yield yield) {
    Connection connection(yield);
    error_code error;
    EXPECT_EQ(connection.near.send(boost::asio::buffer("hello", 5), error), 5U);
    std::string received(5, '\0');
    boost::asio::async_read(connection.far, boost::asio::buffer(received), yield);
    EXPECT_EQ(received, "hello");
  });
}

TEST(Stream, DoesNotBlockWhenThereIsNothing) {
  run([](Yield yield) {
    Connection connection(yield);
    error_code error;
    EXPECT_EQ(receive(connection.near, error), "");
    EXPECT_EQ(error, error::would_block);
  });
}

TEST(Stream, DoesNotBlockWhenThereIsNoRoom) {
  run([](Yield yield) {
    Connection connection(yield);
    const std::string bytes(1 << 16, 'x');
    error_code error;
    while (!error)
      connection.near.send(boost::asio::buffer(bytes), error);
    EXPECT_EQ(error, error::would_block);
    EXPECT_GT(connection.near.unacknowledged() + 1, 1U);
  });
}

TEST(Stream, TellsTheEndOfTheOtherHalfAndStillSends) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.shutdown(TcpSocket::shutdown_send);
    EXPECT_FALSE(connection.near.wait_readable(yield));
    error_code error;
    EXPECT_EQ(receive(connection.near, error), "");
    EXPECT_EQ(error, error::eof);

    error = {};
    EXPECT_EQ(connection.near.send(boost::asio::buffer("still here", 10), error), 10U);
    connection.near.finish_sending();
    std::string received;
    boost::asio::async_read(connection.far, boost::asio::dynamic_buffer(received), yield);
    EXPECT_EQ(received, "still here");
  });
}

TEST(Stream, ClosesWithItsLife) {
  run([](Yield yield) {
    TcpSocket far(yield.executor());
    { const Stream near = Connection::accepted(yield, far); }
    std::array<char, 1> byte{};
    const auto [error, size] = far.async_read_some(boost::asio::buffer(byte), yield);
    EXPECT_EQ(error, error::eof);
  });
}

TEST(Stream, ResetsWhereThatIsAskedFor) {
  run([](Yield yield) {
    TcpSocket far(yield.executor());
    {
      Stream near = Connection::accepted(yield, far);
      near.reset_on_close();
    }
    std::array<char, 1> byte{};
    const auto [error, size] = far.async_read_some(boost::asio::buffer(byte), yield);
    EXPECT_EQ(error, error::connection_reset);
  });
}

TEST(Stream, SendingToAResetConnectionIsAnErrorAndNoSignal) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    EXPECT_FALSE(connection.near.wait_readable(yield));
    error_code error;
    connection.near.send(boost::asio::buffer("x", 1), error);  // takes note of the reset
    error = {};
    connection.near.send(boost::asio::buffer("x", 1), error);
    EXPECT_EQ(error, error::broken_pipe);
  });
}

TEST(Stream, ReceivesWhatHadArrivedAndThenTheResetThatSendingWasTheFirstToLearnOf) {
  run([](Yield yield) {
    Connection connection(yield);
    boost::asio::write(connection.far, boost::asio::buffer("last", 4));
    EXPECT_FALSE(connection.near.wait_readable(yield));
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    error_code error;
    connection.near.send(boost::asio::buffer("x", 1), error);
    EXPECT_EQ(error, error::connection_reset);
    error = {};
    connection.near.send(boost::asio::buffer("x", 1), error);
    error = {};
    EXPECT_EQ(receive(connection.near, error), "last");
    EXPECT_FALSE(error);
    EXPECT_EQ(receive(connection.near, error), "");
    EXPECT_EQ(error, error::connection_reset);
  });
}

TEST(Stream, ReceivesTheEndAfterAnOrderlyCloseThoughSendingThenFails) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.close();
    error_code error;
    while (!error)  // the first is answered by a reset
      connection.near.send(boost::asio::buffer("x", 1), error);
    error = {};
    EXPECT_EQ(receive(connection.near, error), "");
    EXPECT_EQ(error, error::eof);
  });
}

// The kernel counts on.
TEST(Stream, NothingIsUnacknowledgedAfterAReset) {
  run([](Yield yield) {
    Connection connection(yield);
    const std::string flood(std::size_t{8} * 1024 * 1024, 'x');
    error_code error;
    connection.near.send(boost::asio::buffer(flood), error);
    EXPECT_GT(connection.near.unacknowledged(), 0U);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    EXPECT_FALSE(connection.near.wait_readable(yield));
    EXPECT_EQ(connection.near.unacknowledged(), 0U);
  });
}

}  // namespace
}  // namespace coro
