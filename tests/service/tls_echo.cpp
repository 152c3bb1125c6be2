#include "tests/service/tls_echo.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"
#include "coro/tls_stream.hpp"

namespace service {
namespace {

using coro::Yield;

void echo(coro::Descriptor socket, const coro::TlsContext& context, bool says_end, Yield yield) {
  coro::Stream transport(yield.scheduler(), std::move(socket));
  coro::TlsStream stream(yield.scheduler(), transport, context);
  if (stream.handshake(yield)) return;
  std::vector<char> bytes(65536);
  for (;;) {
    const auto [error, size] = stream.read_some(boost::asio::buffer(bytes), yield);
    if (error) break;
    if (write_all(stream, boost::asio::buffer(bytes.data(), size), yield)) return;
  }
  says_end ? stream.finish_sending() : transport.finish_sending();
}

}  // namespace

TlsEcho::TlsEcho(Options options)
    : options_(std::move(options)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto size = static_cast<socklen_t>(sizeof address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ::bind(listener_.get(), generic, size);
  ::listen(listener_.get(), SOMAXCONN);
  ::getsockname(listener_.get(), generic, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TlsEcho::~TlsEcho() {
  ::shutdown(listener_.get(), SHUT_RD);  // accept4() fails from now on
  thread_.join();
}

void TlsEcho::serve() const {
  auto context = *coro::TlsContext::make(coro::TlsContext::Role::accept);
  EXPECT_TRUE(context.use_certificate(options_.identity.certificate));
  EXPECT_TRUE(context.use_key(options_.identity.key));
  context.speak("echo");
  if (!options_.client_ca.empty()) {
    EXPECT_TRUE(context.trust(options_.client_ca));
  }
  coro::Scheduler scheduler;
  const auto accept_all = [&](Yield yield) {
    coro::Readiness readiness(scheduler, listener_.get());
    while (!readiness.wait_readable(yield)) {
      coro::Descriptor socket(
          ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.is_open() && errno != EAGAIN) return;
      if (!socket.is_open()) continue;
      auto task = [&, socket = std::move(socket)](Yield inner) mutable {
        echo(std::move(socket), context, options_.says_end, inner);
      };
      static_cast<void>(scheduler.spawn("echo", std::move(task)));
    }
  };
  scheduler.spawn("accept", accept_all).value();
  scheduler.run();
}

}  // namespace service
