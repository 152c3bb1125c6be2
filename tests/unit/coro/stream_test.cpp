#include "coro/stream.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "coro/time_limit.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

namespace error = boost::asio::error;

// A Stream, and its other end as a socket of Asio's.
struct Connection {
  explicit Connection(Yield yield, Trigger trigger = Trigger::level)
      : far(yield.executor()), near(yield.scheduler(), accept(yield, far), trigger) {}

  static Descriptor accept(Yield yield, TcpSocket& far) {
    TcpAcceptor acceptor(yield.executor(), {boost::asio::ip::address_v4::loopback(), 0});
    far.connect(acceptor.local_endpoint());
    return Descriptor(acceptor.accept().release());
  }
  static Stream accepted(Yield yield, TcpSocket& far) {
    return Stream(yield.scheduler(), accept(yield, far));
  }

  TcpSocket far;
  Stream near;
};

using boost::asio::buffer;

// Returns the bytes that arrived, or none and the error.
std::string read(Stream& stream, error_code& error, Yield yield) {
  std::array<char, 64> bytes{};
  const Transfer read = stream.read_some(buffer(bytes), yield);
  error = read.error;
  return {bytes.data(), read.size};
}

// Fills what the kernel holds for both ends.
std::size_t fill(Stream& stream) {
  const std::string bytes(1 << 16, 'x');
  std::size_t written = 0;
  for (Transfer piece{{}, 1}; !piece.error && piece.size > 0; written += piece.size)
    piece = stream.try_write(buffer(bytes));
  return written;
}

TEST(Stream, ReadsWhatHasArrived) {
  run([](Yield yield) {
    Connection connection(yield);
    boost::asio::write(connection.far, buffer("hello", 5));
    while (connection.near.available() < 5)
      yield.now();
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "hello");
    EXPECT_FALSE(error);
  });
}

TEST(Stream, OthersRunUntilThereIsSomethingToRead) {
  run([](Yield yield) {
    Connection connection(yield);
    bool has_run = false;
    start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(sleep_for(inside, 1ms));
      has_run = true;
      boost::asio::write(connection.far, buffer("hello", 5));
    });
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "hello");
    EXPECT_TRUE(has_run);
  });
}

TEST(Stream, WritesWhatIsRead) {
  run([](Yield yield) {
    Connection connection(yield);
    const auto [error, size] = connection.near.write_some(buffer("hello", 5), yield);
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 5U);
    std::string received(5, '\0');
    boost::asio::async_read(connection.far, buffer(received), yield);
    EXPECT_EQ(received, "hello");
  });
}

TEST(Stream, WritesAsFarAsThereIsRoomAndTheRestAsTheOtherEndReads) {
  run([](Yield yield) {
    Connection connection(yield);
    std::string sent(std::size_t{16} << 20U, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i)
      sent[i] = static_cast<char>(i % 251);
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      std::size_t pieces = 0;
      for (auto left = buffer(sent); left.size() > 0; ++pieces) {
        const auto [error, size] = connection.near.write_some(left, inside);
        ASSERT_FALSE(error);
        ASSERT_GT(size, 0U);
        left += size;
      }
      EXPECT_GT(pieces, 1U);
    });
    std::string received(sent.size(), '\0');
    boost::asio::async_read(connection.far, buffer(received), yield);
    EXPECT_TRUE(received == sent);
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(Stream, WriteAllWritesAll) {
  run([](Yield yield) {
    Connection connection(yield);
    const std::string sent(std::size_t{16} << 20U, 'x');
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(write_all(connection.near, buffer(sent), inside));
      connection.near.finish_sending();
    });
    std::string received;
    boost::asio::async_read(connection.far, boost::asio::dynamic_buffer(received), yield);
    EXPECT_TRUE(received == sent);
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(Stream, TryingNeverSuspends) {
  run([](Yield yield) {
    Connection connection(yield);
    bool has_run = false;
    start(yield.scheduler(), [&](Yield) { has_run = true; });
    std::array<char, 64> bytes{};
    const auto [error, size] = connection.near.try_read(buffer(bytes));
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 0U);
    EXPECT_GT(fill(connection.near), 0U);
    EXPECT_GT(connection.near.unacknowledged(), 0U);
    EXPECT_FALSE(has_run);
  });
}

// A peer that always has more, or reads as fast as it is written to, does not keep the thread.
TEST(Stream, OneCallMovesNoMoreThanATurn) {
  run([](Yield yield) {
    constexpr std::size_t turn = std::size_t{1} << 20U;
    TcpSocket far(yield.executor());
    Stream near = Connection::accepted(yield, far);
    std::vector<char> bytes(4 * turn);
    far.non_blocking(true);
    error_code full;
    while (!full)
      far.write_some(buffer(bytes), full);
    const auto [error, size] = near.read_some(buffer(bytes), yield);
    EXPECT_FALSE(error);
    EXPECT_LE(size, turn);
  });
}

TEST(Stream, OthersRunBetweenTwoTurnsOfWriting) {
  run([](Yield yield) {
    Connection connection(yield);
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      const std::string bytes(std::size_t{32} * 1024, 'x');
      while (!connection.near.write_some(buffer(bytes), inside).error) {
        std::vector<char> room(bytes.size());
        error_code nothing;
        connection.far.read_some(buffer(room), nothing);  // so there is room at all times
      }
    });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    writer.cancel();
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(Stream, ACancelledCallReportsThatAndWhatCouldBeMovedAtOnce) {
  run([](Yield yield) {
    Connection connection(yield);
    const Task reader = start(yield.scheduler(), [&](Yield inside) {
      error_code error;
      EXPECT_EQ(read(connection.near, error, inside), "");
      EXPECT_EQ(error, aborted);
      EXPECT_FALSE(inside.is_cancelled()) << "it was reported";
      while (connection.near.available() < 5)
        EXPECT_FALSE(sleep_for(inside, 0ms));
      inside.task().cancel();
      EXPECT_EQ(read(connection.near, error, inside), "hello");
      EXPECT_EQ(error, aborted);
    });
    yield.now();
    reader.cancel();
    yield.now();
    boost::asio::write(connection.far, buffer("hello", 5));
    EXPECT_FALSE(reader.join(yield));
  });
}

TEST(Stream, AWriterThatIsCancelledHearsOfItThoughThereIsAlwaysRoom) {
  run([](Yield yield) {
    Connection connection(yield);
    yield.task().cancel();
    const auto [error, size] = connection.near.write_some(buffer("hello", 5), yield);
    EXPECT_EQ(error, aborted);
    EXPECT_EQ(size, 5U);
    EXPECT_FALSE(yield.is_cancelled());
  });
}

TEST(Stream, AWriterWithoutRoomCanBeCancelled) {
  run([](Yield yield) {
    Connection connection(yield);
    fill(connection.near);
    const TimeLimit limit(yield, 1ms);
    error_code error;
    while (!error)
      error = connection.near.write_some(buffer("hello", 5), yield).error;
    EXPECT_EQ(error, aborted);
    EXPECT_TRUE(limit.expired());
  });
}

TEST(Stream, TheEndOfTheConnectionComesBeforeACancellationWhichIsNotLost) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.shutdown(TcpSocket::shutdown_send);
    error_code error;
    read(connection.near, error, yield);
    yield.task().cancel();
    read(connection.near, error, yield);
    EXPECT_EQ(error, error::eof);
    EXPECT_EQ(sleep_for(yield, forever), aborted);
  });
}

TEST(Stream, MayBeDestroyedWhileACancelledCallHasNotReturned) {
  run([](Yield yield) {
    TcpSocket far(yield.executor());
    auto near = std::make_unique<Stream>(yield.scheduler(), Connection::accept(yield, far));
    const Task reader = start(yield.scheduler(), [&](Yield inside) {
      error_code error;
      EXPECT_EQ(read(*near, error, inside), "");
      EXPECT_EQ(error, aborted);
    });
    fill(*near);
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_EQ(near->write_some(buffer("x", 1), inside).error, aborted);
    });
    yield.now();
    near->cancel();
    near.reset();
    EXPECT_FALSE(reader.join(yield));
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(Stream, ReportsTheEndOfTheOtherHalfAndStillWrites) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.shutdown(TcpSocket::shutdown_send);
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "");
    EXPECT_EQ(error, error::eof);

    EXPECT_EQ(connection.near.write_some(buffer("still here", 10), yield).size, 10U);
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
    const auto [error, size] = far.async_read_some(buffer(byte), yield);
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
    const auto [error, size] = far.async_read_some(buffer(byte), yield);
    EXPECT_EQ(error, error::connection_reset);
  });
}

TEST(Stream, ReportsAReset) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "");
    EXPECT_EQ(error, error::connection_reset);
  });
}

TEST(Stream, WritingToAResetConnectionIsAnErrorAndNoSignal) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    EXPECT_FALSE(sleep_for(yield, 1ms));
    connection.near.try_write(buffer("x", 1));  // takes note of the reset
    EXPECT_EQ(connection.near.write_some(buffer("x", 1), yield).error, error::broken_pipe);
  });
}

TEST(Stream, ReadsWhatHadArrivedAndThenTheResetThatWritingWasTheFirstToLearnOf) {
  run([](Yield yield) {
    Connection connection(yield);
    boost::asio::write(connection.far, buffer("last", 4));
    while (connection.near.available() < 4)
      yield.now();
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    EXPECT_EQ(connection.near.try_write(buffer("x", 1)).error, error::connection_reset);
    connection.near.try_write(buffer("x", 1));
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "last");
    EXPECT_FALSE(error);
    EXPECT_EQ(read(connection.near, error, yield), "");
    EXPECT_EQ(error, error::connection_reset);
  });
}

TEST(Stream, ReadsTheEndAfterAnOrderlyCloseThoughWritingThenFails) {
  run([](Yield yield) {
    Connection connection(yield);
    connection.far.close();
    error_code error;
    while (!error)  // the first is answered by a reset
      error = connection.near.try_write(buffer("x", 1)).error;
    EXPECT_EQ(read(connection.near, error, yield), "");
    EXPECT_EQ(error, error::eof);
  });
}

// The kernel counts on.
TEST(Stream, NothingIsUnacknowledgedAfterAReset) {
  run([](Yield yield) {
    Connection connection(yield);
    const std::string flood(std::size_t{8} * 1024 * 1024, 'x');
    connection.near.try_write(buffer(flood));
    EXPECT_GT(connection.near.unacknowledged(), 0U);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    while (connection.near.unacknowledged() > 0)
      EXPECT_FALSE(sleep_for(yield, 1ms));
  });
}

// Edge-triggered or not, nothing that a read leaves is forgotten.
class StreamByTrigger : public testing::TestWithParam<Trigger> {
 protected:
  // Reads until so many bytes have come, or an error. A wait for nothing runs out of time.
  static std::string read_until(Connection& connection, std::size_t size, Yield yield) {
    const TimeLimit limit(yield, 10s);
    std::string all;
    error_code error;
    while (all.size() < size && !error)
      all += read(connection.near, error, yield);
    EXPECT_FALSE(error) << error.message();
    return all;
  }
  static void expect_end(Connection& connection, Yield yield) {
    const TimeLimit limit(yield, 10s);
    error_code error;
    EXPECT_EQ(read(connection.near, error, yield), "");
    EXPECT_EQ(error, error::eof);
  }
  static void send(Connection& connection, const std::string& bytes, int flags = 0) {
    EXPECT_EQ(::send(connection.far.native_handle(), bytes.data(), bytes.size(), flags),
              static_cast<ssize_t>(bytes.size()));
  }
  // Sends and reads, so that the socket is watched.
  static void exchange(Connection& connection, Yield yield) {
    send(connection, "first");
    EXPECT_EQ(read_until(connection, 5, yield), "first");
  }
  // Until so much has arrived, and the scheduler has looked what is ready.
  static void wait_until_arrived(Connection& connection, std::size_t size, Yield yield) {
    while (connection.near.available() < size)
      EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_FALSE(sleep_for(yield, 1ms));
  }
  static void wait_until_closed_by_far(Connection& connection, Yield yield) {
    for (tcp_info info{}; info.tcpi_state != TCP_CLOSE_WAIT;) {
      socklen_t size = sizeof info;
      ::getsockopt(connection.near.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size);
      EXPECT_FALSE(sleep_for(yield, 1ms));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, StreamByTrigger, testing::Values(Trigger::level, Trigger::edge),
                         [](const auto& test) {
                           return test.param == Trigger::edge ? "Edge" : "Level";
                         });

TEST(Stream, OnlyTcpMayBeEdgeTriggered) {
  run([](Yield yield) {
    TcpAcceptor acceptor(yield.executor(), {boost::asio::ip::address_v4::loopback(), 0});
    EXPECT_EQ(Stream::trigger_for(acceptor.native_handle()), Trigger::edge);
    SocketPair pair(yield.scheduler());
    EXPECT_EQ(Stream::trigger_for(pair.near.native_handle()), Trigger::level);
  });
}

TEST_P(StreamByTrigger, ReadsOnWhereTheBufferWasTooSmall) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    const std::string sent(1000, 'x');
    send(connection, sent);
    wait_until_arrived(connection, sent.size(), yield);
    EXPECT_EQ(read_until(connection, sent.size(), yield), sent);
    exchange(connection, yield);
  });
}

TEST_P(StreamByTrigger, ReadsTheEndThatCameWithTheLastBytes) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    send(connection, "last");
    connection.far.shutdown(TcpSocket::shutdown_send);
    wait_until_closed_by_far(connection, yield);
    EXPECT_EQ(read_until(connection, 4, yield), "last");
    expect_end(connection, yield);
    expect_end(connection, yield);
  });
}

TEST_P(StreamByTrigger, ReadsTheEndThatComesLater) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(sleep_for(inside, 1ms));
      connection.far.shutdown(TcpSocket::shutdown_send);
    });
    expect_end(connection, yield);
  });
}

TEST_P(StreamByTrigger, ReadsTheResetThatCameWithTheLastBytes) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    send(connection, "last");
    wait_until_arrived(connection, 4, yield);
    connection.far.set_option(TcpSocket::linger(true, 0));
    connection.far.close();
    const TimeLimit limit(yield, 10s);
    error_code error;
    while (!error)  // the kernel may drop the bytes
      read(connection.near, error, yield);
    EXPECT_EQ(error, error::connection_reset);
  });
}

// A read ends before an urgent byte, however much has arrived behind it (tcp(7)).
TEST_P(StreamByTrigger, ReadsUrgentBytesAndWhatIsBehindThem) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    const int on = 1;
    ::setsockopt(connection.near.descriptor(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    exchange(connection, yield);
    for (const std::string before : {"before ", ""}) {
      send(connection, before);
      send(connection, "!", MSG_OOB);
      send(connection, " behind");
      wait_until_arrived(connection, before.size() + 8, yield);
      EXPECT_EQ(read_until(connection, before.size() + 8, yield), before + "! behind");
    }
    exchange(connection, yield);
  });
}

TEST_P(StreamByTrigger, ReadsWhatCameWhileNobodyRead) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    send(connection, "meanwhile");
    wait_until_arrived(connection, 9, yield);
    EXPECT_EQ(read_until(connection, 9, yield), "meanwhile");
    exchange(connection, yield);
  });
}

TEST_P(StreamByTrigger, ReadsWhatCameAfterAReadWasCancelled) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    {
      const TimeLimit limit(yield, 1ms);
      error_code error;
      EXPECT_EQ(read(connection.near, error, yield), "");
      EXPECT_EQ(error, aborted);
    }
    send(connection, "later");
    wait_until_arrived(connection, 5, yield);
    EXPECT_EQ(read_until(connection, 5, yield), "later");
  });
}

// The last look of a cancelled read may leave some.
TEST_P(StreamByTrigger, ReadsOnAfterACancelledReadThatFilledItsBuffer) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    const std::string sent(100, 'x');
    send(connection, sent);
    while (connection.near.available() < sent.size())
      yield.now();
    yield.task().cancel();
    error_code error;
    const std::string first = read(connection.near, error, yield);
    EXPECT_EQ(error, aborted);
    EXPECT_EQ(first + read_until(connection, sent.size() - first.size(), yield), sent);
  });
}

TEST_P(StreamByTrigger, ReadsWhatTryingHasLeft) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    send(connection, "twice");
    wait_until_arrived(connection, 5, yield);
    std::array<char, 2> bytes{};
    EXPECT_EQ(connection.near.try_read(buffer(bytes)).size, 2U);
    EXPECT_EQ(read_until(connection, 3, yield), "ice");
  });
}

TEST_P(StreamByTrigger, ReadsWhatComesAfterTryingHasFoundNothing) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    send(connection, "x");
    wait_until_arrived(connection, 1, yield);
    std::array<char, 1> byte{};
    EXPECT_EQ(connection.near.try_read(buffer(byte)).size, 1U);
    EXPECT_EQ(connection.near.try_read(buffer(byte)).size, 0U);
    start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(sleep_for(inside, 1ms));
      send(connection, "y");
    });
    EXPECT_EQ(read_until(connection, 1, yield), "y");
  });
}

TEST_P(StreamByTrigger, ReadsWhatCameWhileItWaitedForRoom) {
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    const std::size_t filled = fill(connection.near);
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_EQ(connection.near.write_some(buffer("x", 1), inside).size, 1U);
    });
    send(connection, "meanwhile");
    wait_until_arrived(connection, 9, yield);
    std::vector<char> room(filled);
    boost::asio::async_read(connection.far, buffer(room), yield);
    EXPECT_FALSE(writer.join(yield));
    EXPECT_EQ(read_until(connection, 9, yield), "meanwhile");
    exchange(connection, yield);
  });
}

TEST_P(StreamByTrigger, AnObserverIsNotifiedAgainOfWhatIsLeft) {
  struct Counting final : Readiness::Observer {
    void became_readable() override { ++notified; }
    int notified = 0;
  };
  run([](Yield yield) {
    Connection connection(yield, GetParam());
    exchange(connection, yield);
    Counting observer;
    EXPECT_FALSE(connection.near.observe_readable(&observer));
    send(connection, "left");
    const TimeLimit limit(yield, 10s);
    while (observer.notified < 3 && !limit.expired())
      EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_FALSE(connection.near.observe_readable(nullptr));
    EXPECT_EQ(read_until(connection, 4, yield), "left");
  });
}

}  // namespace
}  // namespace coro
