// Any bytes as the first flight of a client of TLS, in pieces: no handshake succeeds, each ends,
// and with a reason.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "coro/scheduler.hpp"
#include "coro/tls_stream.hpp"
#include "tests/certificates.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using fuzz::require;

const coro::TlsContext& context() {
  static const coro::TlsContext made = [] {
    const tests::Identity identity = tests::make_identity();
    coro::TlsContext context = *coro::TlsContext::make(coro::TlsContext::Role::accept);
    require(context.use_certificate(identity.certificate).has_value(), "the certificate is good");
    require(context.use_key(identity.key).has_value(), "the key is good");
    require(context.trust(identity.certificate).has_value(), "the authority is good");
    context.speak("echo");
    return context;
  }();
  return made;
}

// The first byte is the size of the pieces; 0: all at once.
void shake_hands(std::string_view input) {
  coro::Scheduler scheduler;
  std::array<int, 2> pair{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0,
          "there are sockets");
  const auto server = scheduler.spawn("server", [&](coro::Yield yield) {
    coro::Stream transport(scheduler, coro::Descriptor(pair[0]));
    coro::TlsStream stream(scheduler, transport, context());
    const coro::error_code error = stream.handshake(yield);
    require(error.failed(), "there is no client without a key");
    require(!error.message().empty(), "a failure has a reason");
    require(stream.handshake(yield) == error, "it is final");
  });
  const auto client = scheduler.spawn("client", [&](coro::Yield yield) {
    coro::Stream stream(scheduler, coro::Descriptor(pair[1]));
    const std::size_t piece = input.empty() || input[0] == 0
                                  ? std::max<std::size_t>(input.size(), 1)
                                  : static_cast<unsigned char>(input[0]);
    input.remove_prefix(std::min<std::size_t>(input.size(), 1));
    for (; !input.empty(); input.remove_prefix(std::min(piece, input.size()))) {
      const auto part = input.substr(0, piece);
      if (stream.try_write(boost::asio::buffer(part)).error) break;
      yield.now();
      yield.now();
    }
    stream.finish_sending();
    std::array<char, 4096> answer{};
    while (!stream.read_some(boost::asio::buffer(answer), yield).error) {
    }
  });
  require(server && client, "there are stacks");
  scheduler.run();
  require(scheduler.counters().alive == 0, "it ends");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shake_hands({reinterpret_cast<const char*>(data), size});
  return 0;
}
