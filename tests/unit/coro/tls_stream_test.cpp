#include "coro/tls_stream.hpp"

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coro/task.hpp"
#include "coro/time_limit.hpp"
#include "tests/certificates.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

namespace error = boost::asio::error;
using boost::asio::buffer;
using testing::HasSubstr;
using testing::StartsWith;
using tests::Identity;
using tests::IdentityOptions;
using tests::make_identity;

using Role = TlsContext::Role;
using Version = TlsContext::Version;

// Made once: it takes longer than most of these tests.
const Identity& identity() {
  static const Identity made = make_identity();
  return made;
}

TlsContext acceptor(const Identity& own = identity(), Version least = Version::tls_1_2) {
  TlsContext context = *TlsContext::make(Role::accept, least);
  EXPECT_TRUE(context.use_certificate(own.certificate));
  EXPECT_TRUE(context.use_key(own.key));
  return context;
}

TlsContext connector(const Identity& trusted = identity()) {
  TlsContext context = *TlsContext::make(Role::connect);
  EXPECT_TRUE(context.trust(trusted.certificate));
  return context;
}

// Two ends of TLS, with a pair of sockets between them.
struct Ends {
  explicit Ends(Yield yield, const TlsContext& accepts = acceptor(),
                const TlsContext& connects = connector())
      : Ends(yield, accepts, connects, sockets()) {}
  Ends(Yield yield, const TlsContext& accepts, const TlsContext& connects,
       std::array<Descriptor, 2> pair)
      : server_socket(yield.scheduler(), std::move(pair[0]), Stream::trigger_for(pair[0].number())),
        client_socket(yield.scheduler(), std::move(pair[1])),
        server(yield.scheduler(), server_socket, accepts),
        client(yield.scheduler(), client_socket, connects) {}

  static std::array<Descriptor, 2> sockets() {
    std::array<int, 2> pair{};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data());
    return {Descriptor(pair[0]), Descriptor(pair[1])};
  }

  static std::array<Descriptor, 2> tcp_sockets(Yield yield) {
    TcpAcceptor acceptor(yield.executor(), {boost::asio::ip::address_v4::loopback(), 0});
    TcpSocket client(yield.executor());
    client.connect(acceptor.local_endpoint());
    Descriptor server(acceptor.accept().release());
    return {std::move(server), Descriptor(client.release())};
  }

  // Returns what the server's handshake, and then what the client's ended with.
  std::array<error_code, 2> handshake(Yield yield) {
    std::array<error_code, 2> results;
    const Task accepts =
        start(yield.scheduler(), [&](Yield inside) { results[0] = server.handshake(inside); });
    results[1] = client.handshake(yield);
    // TLS 1.3: a client that is refused is told so after its own handshake.
    if (!accepts.done()) static_cast<void>(accepts.join(yield));
    return results;
  }
  void shake_hands(Yield yield) {
    const auto results = handshake(yield);
    ASSERT_FALSE(results[0]) << results[0].message();
    ASSERT_FALSE(results[1]) << results[1].message();
  }

  Stream server_socket;
  Stream client_socket;
  TlsStream server;
  TlsStream client;
};

template <typename AnyStream>
Transfer read(AnyStream& stream, std::string& bytes, Yield yield) {
  std::array<char, 4096> room{};
  const Transfer read = stream.read_some(buffer(room), yield);
  bytes.append(room.data(), read.size);
  return read;
}

// Until an error, which is returned.
error_code read_all(TlsStream& stream, std::string& bytes, Yield yield) {
  for (;;)
    if (const Transfer piece = read(stream, bytes, yield); piece.error) return piece.error;
}

// The echo, until the other end has finished sending; returns why it ended.
error_code echo(TlsStream& stream, Yield yield) {
  for (;;) {
    std::string bytes;
    const auto [error, size] = read(stream, bytes, yield);
    if (size > 0)
      if (const error_code failed = write_all(stream, buffer(bytes), yield)) return failed;
    if (error) return error;
  }
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i % 251);
  return bytes;
}

TEST(TlsStream, BothEndsAgreeAndBytesGoBothWays) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    EXPECT_FALSE(write_all(ends.client, buffer("hello", 5), yield));
    std::string received;
    EXPECT_FALSE(read(ends.server, received, yield).error);
    EXPECT_EQ(received, "hello");
    EXPECT_FALSE(write_all(ends.server, buffer("and back", 8), yield));
    received.clear();
    EXPECT_FALSE(read(ends.client, received, yield).error);
    EXPECT_EQ(received, "and back");
  });
}

// Over TCP, where the transport is edge-triggered: the handshake takes its own records and leaves
// what came with them.
TEST(TlsStream, ReadsWhatCameWithTheEndOfTheHandshake) {
  run([](Yield yield) {
    Ends ends(yield, acceptor(), connector(), Ends::tcp_sockets(yield));
    const Task accepts = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(ends.server.handshake(inside));
      for (const std::string expected : {"at once", "later"}) {
        const TimeLimit limit(inside, 10s);
        std::string received;
        EXPECT_FALSE(read(ends.server, received, inside).error);
        EXPECT_EQ(received, expected);
        EXPECT_FALSE(write_all(ends.server, buffer(expected), inside));
      }
    });
    EXPECT_FALSE(ends.client.handshake(yield));
    for (const std::string sent : {"at once", "later"}) {
      EXPECT_FALSE(write_all(ends.client, buffer(sent), yield));
      std::string echoed;
      EXPECT_FALSE(read(ends.client, echoed, yield).error);
    }
    EXPECT_FALSE(accepts.join(yield));
  });
}

TEST(TlsStream, ReportsThatItHoldsMoreThanWasReadThoughTheSocketHasNothing) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    std::array<char, 2> few{};
    std::array<char, 16> room{};
    EXPECT_FALSE(write_all(ends.client, buffer("hello", 5), yield));
    EXPECT_EQ(ends.server.try_read(buffer(few)).size, 2U);
    EXPECT_EQ(ends.server_socket.available(), 0U);
    EXPECT_TRUE(ends.server.has_more_to_read());
    EXPECT_EQ(ends.server.try_read(buffer(room)).size, 3U);
    EXPECT_FALSE(ends.server.has_more_to_read());
    EXPECT_FALSE(write_all(ends.client, buffer("end", 3), yield));
    ends.client.finish_sending();
    EXPECT_EQ(ends.server.try_read(buffer(room)).size, 3U);
    EXPECT_TRUE(ends.server.has_more_to_read());
    EXPECT_EQ(ends.server.try_read(buffer(room)).error, error::eof);
  });
}

TEST(TlsStream, TellsWhatWasAgreedOn) {
  run([](Yield yield) {
    const Identity authority = make_identity({.name = "authority"});
    const Identity visitor = make_identity({.name = "visitor\n\xc3\xa9", .issuer = &authority});
    TlsContext accepts = acceptor();
    EXPECT_TRUE(accepts.trust(authority.certificate));
    accepts.speak("echo");
    TlsContext connects = connector();
    EXPECT_TRUE(connects.use_certificate(visitor.certificate));
    EXPECT_TRUE(connects.use_key(visitor.key));
    connects.speak("echo");
    Ends ends(yield, accepts, connects);
    ends.client.expect_server("localhost");
    ends.shake_hands(yield);
    const TlsDetails server = ends.server.details();
    EXPECT_EQ(server.version, "TLSv1.3");
    EXPECT_THAT(server.cipher, StartsWith("TLS_"));
    EXPECT_EQ(server.server_name, "localhost");
    EXPECT_EQ(server.peer_subject, "CN=visitor\\0A\xc3\xa9");
    EXPECT_EQ(server.protocol, "echo");
    EXPECT_EQ(ends.client.details().peer_subject, "CN=localhost");
    EXPECT_EQ(ends.client.details().protocol, "echo");
  });
}

TEST(TlsStream, TakesAClientThatOffersAnotherProtocolOrNone) {
  for (const std::string_view offered : {"", "h2"}) {
    run([&](Yield yield) {
      TlsContext accepts = acceptor();
      accepts.speak("echo");
      TlsContext connects = connector();
      if (!offered.empty()) connects.speak(offered);
      Ends ends(yield, accepts, connects);
      ends.shake_hands(yield);
      EXPECT_EQ(ends.server.details().protocol, "");
      EXPECT_EQ(ends.server.details().server_name, "");
      EXPECT_EQ(ends.server.details().peer_subject, "");
    });
  }
}

// All that is owed still comes back, then the other close_notify.
TEST(TlsStream, EchoesTheRestAfterTheOtherEndHasFinishedSending) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    const std::string sent = pattern(std::size_t{4} << 20U);
    error_code ended;
    const Task server = start(yield.scheduler(), [&](Yield inside) {
      ended = echo(ends.server, inside);
      ends.server.finish_sending();
    });
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(write_all(ends.client, buffer(sent), inside));
      ends.client.finish_sending();
    });
    std::string received;
    EXPECT_EQ(read_all(ends.client, received, yield), error::eof);
    EXPECT_TRUE(received == sent);
    EXPECT_FALSE(server.join(yield));
    EXPECT_FALSE(writer.join(yield));
    EXPECT_EQ(ended, error::eof);
    // And again: the end stays the end.
    EXPECT_EQ(read(ends.client, received, yield).error, error::eof);
  });
}

// The socket is full when the end is sent, so that comes with the rest.
TEST(TlsStream, SendsTheEndWhenTheSocketHasRoomForIt) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    const std::string sent = pattern(std::size_t{4} << 20U);
    const auto [error, size] = ends.server.try_write(buffer(sent));
    EXPECT_FALSE(error);
    EXPECT_GT(size, 0U);
    EXPECT_LT(size, sent.size());
    ends.server.finish_sending();
    EXPECT_GT(ends.server.unacknowledged(), 0U);
    const Task flushes = start(yield.scheduler(), [&](Yield inside) {
      while (ends.server.unacknowledged() > 0)
        EXPECT_FALSE(sleep_for(inside, 1ms));
    });
    std::string received;
    EXPECT_EQ(read_all(ends.client, received, yield), error::eof);
    EXPECT_GE(received.size(), size);
    EXPECT_TRUE(sent.starts_with(received));
    EXPECT_FALSE(flushes.join(yield));
    const TimeLimit limit(yield, 10s);
    EXPECT_EQ(read(ends.client_socket, received, yield).error, error::eof) << "behind close_notify";
  });
}

TEST(TlsStream, AReadThatIsCancelledSendsTheEndThatTheSocketHadNoRoomFor) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    static_cast<void>(ends.server.try_write(buffer(pattern(std::size_t{4} << 20U))));
    ends.server.finish_sending();
    EXPECT_TRUE(ends.server.has_unsent());
    std::string received(std::size_t{4} << 20U, '\0');
    EXPECT_GT(ends.client.try_read(buffer(received)).size, 0U);
    yield.task().cancel();
    EXPECT_EQ(read(ends.server, received, yield).error, aborted);
    EXPECT_FALSE(ends.server.has_unsent());
    EXPECT_EQ(read_all(ends.client, received, yield), error::eof);
  });
}

TEST(TlsStream, AWriteGoesOnWithTheFirstByteThatWasNotReported) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    const std::string sent = pattern(std::size_t{4} << 20U);
    const auto [error, size] = ends.server.try_write(buffer(sent));
    EXPECT_FALSE(error);
    EXPECT_EQ(ends.server.try_write(buffer(sent) + size).size, 0U) << "there is no room";
    const Task writer = start(yield.scheduler(), [&, written = size](Yield inside) {
      auto left = buffer(sent) + written;
      // By and by, in smaller pieces than a record.
      while (left.size() > 0) {
        const auto [failed, more] = ends.server.write_some(buffer(left, 1000), inside);
        ASSERT_FALSE(failed);
        left += more;
      }
      ends.server.finish_sending();
    });
    std::string received;
    EXPECT_EQ(read_all(ends.client, received, yield), error::eof);
    EXPECT_TRUE(received == sent);
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(TlsStream, AnEndWithoutCloseNotifyIsTruncated) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    EXPECT_FALSE(write_all(ends.client, buffer("hello", 5), yield));
    ends.client_socket.finish_sending();
    std::string received;
    EXPECT_EQ(read_all(ends.server, received, yield), TlsError::truncated);
    EXPECT_EQ(received, "hello");
    // Its own half is whole.
    EXPECT_FALSE(write_all(ends.server, buffer("still here", 10), yield));
    ends.server.finish_sending();
    received.clear();
    EXPECT_EQ(read_all(ends.client, received, yield), error::eof);
    EXPECT_EQ(received, "still here");
  });
}

TEST(TlsStream, BytesThatWereReadBeforeArePartOfTheHandshake) {
  run([](Yield yield) {
    auto pair = Ends::sockets();
    Stream server_socket(yield.scheduler(), std::move(pair[0]));
    Stream client_socket(yield.scheduler(), std::move(pair[1]));
    TlsStream client(yield.scheduler(), client_socket, connector());
    const Task connects =
        start(yield.scheduler(), [&](Yield inside) { EXPECT_FALSE(client.handshake(inside)); });
    std::string first;
    EXPECT_FALSE(read(server_socket, first, yield).error);
    TlsStream server(yield.scheduler(), server_socket, acceptor(), first);
    EXPECT_FALSE(server.handshake(yield));
    EXPECT_FALSE(connects.join(yield));
  });
}

TEST(TlsStream, ADifferentAuthorityIsRefusedWithAReason) {
  run([](Yield yield) {
    const Identity other = make_identity({.name = "other"});
    Ends ends(yield, acceptor(), connector(other));
    const auto [server, client] = ends.handshake(yield);
    EXPECT_EQ(client.category(), certificate_category());
    EXPECT_EQ(client.message(), "certificate: unknown authority (self-signed)");
    EXPECT_EQ(server.category(), tls_category());
    EXPECT_EQ(server.message(), "the other end reports: unknown ca");
  });
}

TEST(TlsStream, ReasonsNameTheFault) {
  const Identity authority = make_identity({.name = "authority"});
  const auto refused = [&](const IdentityOptions& options, const std::string& host) {
    std::string reason;
    run([&](Yield yield) {
      Ends ends(yield, acceptor(make_identity(options)), connector(authority));
      ends.client.expect_server(host);
      reason = ends.handshake(yield)[1].message();
    });
    return reason;
  };
  EXPECT_EQ(refused({.issuer = &authority, .expires_after = -1s}, "localhost"),
            "certificate: expired");
  EXPECT_EQ(refused({.issuer = &authority}, "example.org"), "certificate: wrong host");
  EXPECT_EQ(refused({.issuer = &authority}, "127.0.0.2"), "certificate: wrong host");
  EXPECT_EQ(refused({.issuer = &authority}, "127.0.0.1"), "Success");
  const Identity other = make_identity({.name = "other"});
  EXPECT_EQ(refused({.issuer = &other}, "localhost"), "certificate: unknown authority");
}

TEST(TlsStream, AnybodyIsTrustedIfThatIsAskedFor) {
  run([](Yield yield) {
    TlsContext connects = *TlsContext::make(Role::connect);
    connects.trust_everybody();
    Ends ends(yield, acceptor(), connects);
    ends.shake_hands(yield);
  });
}

TEST(TlsStream, AClientWithoutACertificateIsRefusedWhereOneIsDemanded) {
  run([](Yield yield) {
    TlsContext accepts = acceptor();
    EXPECT_TRUE(accepts.trust(identity().certificate));
    Ends ends(yield, accepts, connector());
    const auto [server, client] = ends.handshake(yield);
    EXPECT_EQ(server.message(), "certificate: none was sent");
    // In TLS 1.3 the client's handshake has ended by then.
    EXPECT_FALSE(client);
    std::string received;
    EXPECT_EQ(read_all(ends.client, received, yield).message(),
              "the other end reports: certificate required");
  });
}

TEST(TlsStream, ReportsWhatIsNotTls) {
  const auto refused = [](std::string_view bytes) {
    std::string reason;
    run([&](Yield yield) {
      auto pair = Ends::sockets();
      Stream server_socket(yield.scheduler(), std::move(pair[0]));
      Stream client_socket(yield.scheduler(), std::move(pair[1]));
      client_socket.try_write(buffer(bytes));
      client_socket.finish_sending();
      TlsStream server(yield.scheduler(), server_socket, acceptor());
      reason = server.handshake(yield).message();
      EXPECT_EQ(server.handshake(yield).message(), reason) << "there is no second attempt";
    });
    return reason;
  };
  EXPECT_EQ(refused("hello\n"), "the other end does not speak TLS");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), "the other end sends HTTP without TLS");
  EXPECT_EQ(refused(std::string_view("\x16\x03\x01\x00\x05", 5)),
            "the connection ended without close_notify");
  EXPECT_EQ(refused(""), "the connection ended without close_notify");
}

// A client that sends nothing costs the caller's time limit.
TEST(TlsStream, AHandshakeEndsWithItsTimeLimit) {
  run([](Yield yield) {
    Ends ends(yield);
    const TimeLimit limit(yield, 1ms);
    EXPECT_EQ(ends.server.handshake(yield), aborted);
    EXPECT_TRUE(limit.expired());
  });
}

TEST(TlsStream, ACancelledReadReportsThatAndTheNextGoesOn) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    std::string received;
    yield.task().cancel();
    EXPECT_EQ(read(ends.server, received, yield).error, aborted);
    EXPECT_FALSE(yield.is_cancelled());
    EXPECT_FALSE(write_all(ends.client, buffer("hello", 5), yield));
    EXPECT_FALSE(read(ends.server, received, yield).error);
    EXPECT_EQ(received, "hello");
  });
}

// One who always finds bytes there must hear of it, too.
TEST(TlsStream, ACancelledReadReportsThatBesideWhatHasArrived) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    EXPECT_FALSE(write_all(ends.client, buffer("hello", 5), yield));
    std::array<char, 2> few{};
    EXPECT_FALSE(ends.server.read_some(buffer(few), yield).error);
    yield.task().cancel();
    const auto [error, size] = ends.server.read_some(buffer(few), yield);
    EXPECT_EQ(error, aborted);
    EXPECT_EQ(size, few.size());
    EXPECT_FALSE(yield.is_cancelled());
  });
}

// Also of one that finds its bytes in OpenSSL's memory each time.
TEST(TlsStream, OthersRunBetweenReadsOfWhatHasArrived) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    EXPECT_FALSE(write_all(ends.client, buffer(std::string(1000, 'x')), yield));
    int turns = 0;
    bool over = false;
    start(yield.scheduler(), [&](Yield inside) {
      for (; !over; ++turns)
        inside.now();
    });
    for (int i = 0; i < 100; ++i) {
      std::array<char, 10> few{};
      EXPECT_EQ(ends.server.read_some(buffer(few), yield).size, few.size());
    }
    over = true;
    EXPECT_GE(turns, 99);
  });
}

TEST(TlsStream, TryingNeverSuspends) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    bool has_run = false;
    start(yield.scheduler(), [&](Yield) { has_run = true; });
    std::array<char, 64> bytes{};
    const auto [error, size] = ends.server.try_read(buffer(bytes));
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 0U);
    EXPECT_EQ(ends.server.try_write(buffer("hello", 5)).size, 5U);
    EXPECT_FALSE(has_run);
  });
}

// OpenSSL's own socket BIO would raise it.
TEST(TlsStream, WritingToAClosedConnectionIsAnErrorAndNoSignal) {
  std::signal(SIGPIPE, SIG_DFL);
  run([](Yield yield) {
    auto pair = Ends::sockets();
    Stream server_socket(yield.scheduler(), std::move(pair[0]));
    auto client_socket = std::make_unique<Stream>(yield.scheduler(), std::move(pair[1]));
    auto client = std::make_unique<TlsStream>(yield.scheduler(), *client_socket, connector());
    TlsStream server(yield.scheduler(), server_socket, acceptor());
    const Task accepts =
        start(yield.scheduler(), [&](Yield inside) { EXPECT_FALSE(server.handshake(inside)); });
    EXPECT_FALSE(client->handshake(yield));
    EXPECT_FALSE(accepts.join(yield));
    EXPECT_FALSE(write_all(*client, buffer("last", 4), yield));
    client->finish_sending();
    client.reset();
    client_socket.reset();
    EXPECT_EQ(server.write_some(buffer("x", 1), yield).error, error::broken_pipe);
    std::string received;
    EXPECT_EQ(read_all(server, received, yield), error::eof) << "reading goes on";
    EXPECT_EQ(received, "last");
  });
}

TEST(TlsStream, MayBeDestroyedWhileACancelledCallHasNotReturned) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    auto pair = Ends::sockets();
    Stream transport(yield.scheduler(), std::move(pair[0]));
    auto stream = std::make_unique<TlsStream>(yield.scheduler(), transport, connector());
    const Task reader = start(yield.scheduler(), [&](Yield inside) {
      std::string received;
      EXPECT_EQ(read(*stream, received, inside).error, aborted);
    });
    yield.now();
    stream->cancel();
    stream.reset();
    EXPECT_FALSE(reader.join(yield));
  });
}

// Somebody between the two changes a byte.
TEST(TlsStream, MayBeDestroyedWhenItsHandshakeCouldJustGoOn) {
  run([](Yield yield) {
    auto [near_end, far_end] = Ends::sockets();
    auto [signalled, signals] = Ends::sockets();
    Stream near(yield.scheduler(), std::move(near_end));
    Stream far(yield.scheduler(), std::move(far_end));
    Stream signal(yield.scheduler(), std::move(signalled));
    Stream signaller(yield.scheduler(), std::move(signals));
    auto stream = std::make_unique<TlsStream>(yield.scheduler(), near, acceptor());
    const Task handshake = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_EQ(stream->handshake(inside), error::operation_aborted);
    });
    const Task writer = start(yield.scheduler(), [&](Yield) {  // both are reported at once
      signaller.try_write(buffer("x", 1));
      far.try_write(buffer("x", 1));
    });
    std::string received;
    EXPECT_FALSE(read(signal, received, yield).error);
    stream.reset();
    EXPECT_FALSE(handshake.join(yield));
    EXPECT_TRUE(writer.done());
  });
}

TEST(TlsStream, ReportsBytesThatWereChangedOnTheWay) {
  run([](Yield yield) {
    Ends ends(yield);
    ends.shake_hands(yield);
    std::string record("\x17\x03\x03\x00\x20", 5);
    record.append(32, 'x');
    EXPECT_EQ(ends.client_socket.try_write(buffer(record)).size, record.size());
    std::string received;
    const error_code failed = read_all(ends.server, received, yield);
    EXPECT_EQ(failed.category(), tls_category());
    EXPECT_EQ(failed.message(), "decryption failed or bad record mac");
    EXPECT_EQ(read(ends.server, received, yield).error, failed);
    EXPECT_EQ(ends.server.write_some(buffer("x", 1), yield).error, failed);
  });
}

// A client that does with TLS as it likes: OpenSSL beside a plain stream.
class RawClient {
 public:
  explicit RawClient(const TlsContext& context) : tls_(SSL_new(context.native_handle()), SSL_free) {
    SSL_set_bio(tls_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(tls_.get());
  }
  SSL* tls() { return tls_.get(); }
  // Each record of TLS 1.3 is as large as it may be.
  void pad() { SSL_set_block_padding(tls_.get(), 16384); }

  // The records that OpenSSL would send now.
  std::string records() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(tls_.get()), &data);
    std::string bytes(data, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(SSL_get_wbio(tls_.get())));
    return bytes;
  }

  void shake_hands(Ends& ends, Yield yield) {
    std::optional<error_code> accepted;
    for (bool agreed = false; !agreed || !accepted;) {
      agreed = SSL_do_handshake(tls_.get()) == 1;
      ASSERT_FALSE(write_all(ends.client_socket, buffer(records()), yield));
      if (!accepted) accepted = ends.server.try_handshake();
      ASSERT_FALSE(accepted.value_or(error_code()));
      std::array<char, 16384> answer{};
      const std::size_t size = ends.client_socket.try_read(buffer(answer)).size;
      BIO_write(SSL_get_rbio(tls_.get()), answer.data(), static_cast<int>(size));
    }
  }

  std::string key_updates(int count, int type) {
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(SSL_key_update(tls_.get(), type), 1);
      EXPECT_EQ(SSL_do_handshake(tls_.get()), 1);
    }
    return records();
  }
  std::string data(std::string_view bytes) {
    EXPECT_EQ(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
    return records();
  }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
};

// Each is answered, and the client reads no answer.
TEST(TlsStream, AnswersThatNobodyReadsEndTheConnectionBeforeTheyFillTheMemory) {
  run([](Yield yield) {
    Ends ends(yield);
    RawClient client(connector());
    client.shake_hands(ends, yield);
    std::array<char, 64> bytes{};
    Transfer read;
    for (int i = 0; i < 200 && !read.error; ++i) {
      const std::string updates = client.key_updates(32, SSL_KEY_UPDATE_REQUESTED);
      ASSERT_FALSE(write_all(ends.client_socket, buffer(updates), yield));
      read = ends.server.try_read(buffer(bytes));
      ASSERT_LE(ends.server.unacknowledged() - ends.server_socket.unacknowledged(), 65536U);
    }
    EXPECT_EQ(read.error, TlsError::unread);
    EXPECT_EQ(ends.server.try_read(buffer(bytes)).error, TlsError::unread) << "it stays";
    EXPECT_EQ(ends.server.write_some(buffer("x", 1), yield).error, TlsError::unread);
    EXPECT_FALSE(ends.server.has_unsent());
  });
}

// Each costs OpenSSL as much as many records of data.
TEST(TlsStream, MoreNewKeysThanAnybodyNeedsInATurnEndTheConnection) {
  run([](Yield yield) {
    Ends ends(yield);
    RawClient client(connector());
    client.shake_hands(ends, yield);
    std::array<char, 64> bytes{};
    for (int i = 0; i < 3; ++i) {
      const std::string few = client.key_updates(32, SSL_KEY_UPDATE_NOT_REQUESTED);
      ASSERT_FALSE(write_all(ends.client_socket, buffer(few + client.data("hello")), yield));
      EXPECT_EQ(ends.server.try_read(buffer(bytes)).size, 5U);
    }
    const std::string many = client.key_updates(33, SSL_KEY_UPDATE_REQUESTED);
    ASSERT_FALSE(write_all(ends.client_socket, buffer(many + client.data("hello")), yield));
    const auto [error, size] = ends.server.try_read(buffer(bytes));
    EXPECT_EQ(error, TlsError::new_keys);
    EXPECT_EQ(size, 0U);
    EXPECT_EQ(ends.server.try_read(buffer(bytes)).error, TlsError::new_keys) << "it stays";
    EXPECT_EQ(ends.server.write_some(buffer("x", 1), yield).error, TlsError::new_keys);
  });
}

// Records without a byte for the reader, and records of a byte: over TCP too, where the transport
// is edge-triggered.
TEST(TlsStream, OthersRunWhileRecordsArriveThatBringLittle) {
  const auto turns_during = [](bool updates, bool tcp) {
    int turns = 0;
    run([&](Yield yield) {
      Ends ends(yield, acceptor(), connector(), tcp ? Ends::tcp_sockets(yield) : Ends::sockets());
      RawClient client(connector());
      client.shake_hands(ends, yield);
      if (updates) client.pad();
      std::string flood = updates ? client.key_updates(6, SSL_KEY_UPDATE_NOT_REQUESTED) : "";
      while (flood.size() < 100'000)
        flood += client.data("x");
      flood += client.data("end");
      EXPECT_EQ(ends.client_socket.try_write(buffer(flood)).size, flood.size());
      bool over = false;
      start(yield.scheduler(), [&](Yield inside) {
        for (; !over; ++turns)
          inside.now();
      });
      const TimeLimit limit(yield, 10s);
      std::string received;
      while (!received.ends_with("end"))
        ASSERT_FALSE(read(ends.server, received, yield).error);
      EXPECT_FALSE(ends.server.has_more_to_read());
      over = true;
    });
    return turns;
  };
  for (const bool tcp : {false, true}) {
    EXPECT_GE(turns_during(true, tcp), 30) << tcp;
    EXPECT_GE(turns_during(false, tcp), 30) << tcp;
  }
}

// Each has a byte.
std::string hello_in_tiny_records() {
  RawClient client(connector());
  const std::string protocols = "\xc8" + std::string(200, 'a');
  std::string offered;
  while (offered.size() < 10'000)
    offered += protocols;
  SSL_set_alpn_protos(client.tls(), reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned int>(offered.size()));
  SSL_do_handshake(client.tls());
  std::string records;
  for (const char byte : client.records().substr(5))
    records += std::string("\x16\x03\x01\x00\x01", 5) + byte;
  return records;
}

void expect_an_answer_in_later_turns(TlsStream& server, Stream& client_socket, Yield yield) {
  const TimeLimit limit(yield, 10s);
  int steps = 1;
  for (; !server.try_handshake() && client_socket.available() == 0; ++steps)
    ASSERT_FALSE(server.wait_for_handshake(yield));
  EXPECT_GE(steps, 3);
}

TEST(TlsStream, AHandshakeInTinyRecordsGoesOnInTheNextTurn) {
  run([](Yield yield) {
    Ends ends(yield, acceptor(), connector(), Ends::tcp_sockets(yield));
    const std::string hello = hello_in_tiny_records();
    EXPECT_EQ(ends.client_socket.try_write(buffer(hello)).size, hello.size());
    expect_an_answer_in_later_turns(ends.server, ends.client_socket, yield);
  });
}

TEST(TlsStream, AHandshakeOfBytesThatWereReadBeforeWaitsForNoOthers) {
  run([](Yield yield) {
    Ends ends(yield);
    TlsStream server(yield.scheduler(), ends.server_socket, acceptor(), hello_in_tiny_records());
    expect_an_answer_in_later_turns(server, ends.client_socket, yield);
  });
}

TEST(TlsContext, RefusesAKeyThatIsNotTheCertificates) {
  TlsContext context = *TlsContext::make(Role::accept);
  EXPECT_TRUE(context.use_certificate(identity().certificate));
  EXPECT_EQ(context.use_key(make_identity().key).error(), "does not belong to the certificate");
  EXPECT_EQ(context.use_key(make_identity({.rsa = true}).key).error(),
            "does not belong to the certificate");
  EXPECT_TRUE(context.use_key(identity().key));
}

TEST(TlsContext, RefusesWhatIsNoPem) {
  TlsContext context = *TlsContext::make(Role::accept);
  EXPECT_EQ(context.use_certificate("").error(), "no certificate in PEM");
  EXPECT_EQ(context.use_certificate(identity().key).error(), "no certificate in PEM");
  EXPECT_EQ(context.trust("").error(), "no certificate in PEM");
  EXPECT_EQ(context.use_key("hello").error(), "no private key in PEM");
  std::string damaged = identity().certificate;
  damaged.resize(damaged.size() / 2);
  EXPECT_TRUE(context.use_certificate(damaged).has_error());
  EXPECT_TRUE(context.use_certificate(identity().certificate + damaged).has_error());
}

TEST(TlsContext, ReportsHowLongTheCertificateHolds) {
  TlsContext context = *TlsContext::make(Role::accept);
  const auto validity = *context.use_certificate(make_identity({.expires_after = 24h}).certificate);
  const auto left = validity.until - std::chrono::system_clock::now();
  EXPECT_GT(left, 23h);
  EXPECT_LE(left, 24h);
  EXPECT_LT(validity.from, std::chrono::system_clock::now());
}

// Without an expiration that is the end of the year 9999 (RFC 5280, 4.1.2.5). The clock ends in
// 2262.
TEST(TlsContext, ReportsTheLatestTimeThereIsOfACertificateThatHoldsLonger) {
  TlsContext context = *TlsContext::make(Role::accept);
  for (const int years : {230, 300, 500, 7900}) {
    const Identity identity = make_identity({.expires_after = std::chrono::years(years)});
    const auto left =
        context.use_certificate(identity.certificate)->until - std::chrono::system_clock::now();
    EXPECT_GT(left, std::chrono::years(229)) << years;
  }
}

TEST(TlsContext, NewStreamsTakeTheNewCertificateAndOldOnesGoOn) {
  run([](Yield yield) {
    const Identity next = make_identity({.name = "next"});
    TlsContext connects = connector();
    EXPECT_TRUE(connects.trust(next.certificate));
    TlsContext current = acceptor();
    Ends before(yield, current, connects);
    before.shake_hands(yield);
    current = acceptor(next);
    Ends after(yield, current, connects);
    after.shake_hands(yield);
    EXPECT_EQ(before.client.details().peer_subject, "CN=localhost");
    EXPECT_EQ(after.client.details().peer_subject, "CN=next");
    EXPECT_FALSE(write_all(before.client, buffer("hello", 5), yield));
    std::string received;
    EXPECT_FALSE(read(before.server, received, yield).error);
    EXPECT_EQ(received, "hello");
  });
}

}  // namespace
}  // namespace coro
