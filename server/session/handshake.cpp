#include "server/session/handshake.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <optional>
#include <utility>

#include "coro/time_limit.hpp"
#include "coro/tls_stream.hpp"

namespace server {
namespace {

using coro::error_code;
using coro::Yield;

// The parts behind each other: ConnectEvent::tls.
std::string for_log(const coro::TlsDetails& details) {
  std::string text;
  for (const std::string* part :
       {&details.version, &details.cipher, &details.server_name, &details.peer_subject})
    text.append(*part).push_back('\0');
  return text;
}

// Waits for the client's first bytes before anything is allocated for it.
error_code receive_first(coro::Stream& transport, std::string& first, std::span<char> scratch,
                         Yield yield) {
  if (!first.empty()) return {};
  const auto [error, size] =
      transport.read_some(boost::asio::buffer(scratch.data(), scratch.size()), yield);
  first.assign(scratch.data(), size);
  return error;
}

error_code agree(coro::TlsStream& tls, Turns& turns, Yield yield) {
  for (;;) {
    std::optional<error_code> result;
    {
      Turns::Place place(turns);
      if (const error_code aborted = place.wait(yield)) return aborted;
      result = tls.try_handshake();
      yield.now();  // before the place is given up: the next one computes in the next round
    }
    if (result) return *result;
    if (const error_code aborted = tls.wait_for_handshake(yield)) return aborted;
  }
}

HandshakeFailure failure_of(error_code error, bool timed_out) {
  const bool went_away = error == boost::asio::error::eof || error == coro::TlsError::truncated;
  const bool has_sent =
      error.category() == coro::tls_category() || error.category() == coro::certificate_category();
  return {.reason = timed_out   ? "not done in time"
                    : went_away ? "the client closed the connection"
                                : error.message(),
          .timed_out = timed_out,
          .has_sent = has_sent};
}

}  // namespace

HandshakeResult shake_hands(coro::Connection& connection, const coro::TlsContext& context,
                            std::string first, std::span<char> scratch, Turns& turns,
                            std::chrono::milliseconds timeout, Yield yield) {
  std::optional<coro::TimeLimit> limit;
  if (timeout.count() > 0) limit.emplace(yield, timeout);
  const auto failed = [&](error_code error) {
    const bool aborted = error == boost::asio::error::operation_aborted;
    return failure_of(error, aborted && limit && limit->expired());
  };
  const error_code interrupted = receive_first(connection.transport(), first, scratch, yield);
  // After a pause of the whole process the time may be over although the bytes have come.
  if (interrupted && first.empty()) return failed(interrupted);
  coro::TlsStream& tls = connection.encrypt(context, std::move(first));
  if (const error_code error = agree(tls, turns, yield)) return failed(error);
  // C++20 could also make a failure of this text, in parentheses, so the result is named.
  return {boost::system::in_place_value, for_log(tls.details())};
}

}  // namespace server
