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

// The time that a client has. After a pause of the whole process (SIGSTOP, a virtual machine) it
// may be over although the client has sent meanwhile: then it begins anew, once.
class TimeToAgree {
 public:
  TimeToAgree(Yield yield, std::chrono::milliseconds time) : yield_(yield), time_(time) {
    if (time.count() > 0) begin();
  }

  bool is_over() const { return limit_ && limit_->expired(); }

  // To be called when the client has sent something. Returns whether the time has begun anew.
  bool begins_anew() {
    if (!limit_ || coro::Clock::now() < end_ || std::exchange(begun_anew_, true)) return false;
    begin();
    return true;
  }

 private:
  void begin() {
    end_ = coro::from_now(time_);
    limit_.emplace(yield_, time_);
  }

  Yield yield_;
  std::chrono::milliseconds time_;
  coro::Clock::time_point end_;
  std::optional<coro::TimeLimit> limit_;
  bool begun_anew_ = false;
};

error_code agree(coro::TlsStream& tls, const coro::Stream& transport, TimeToAgree& time,
                 Turns& turns, const Stage& stage, Yield yield) {
  for (;;) {
    std::optional<error_code> result;
    error_code aborted;
    {
      Turns::Place place(turns);
      aborted = place.wait(yield);
      if (!aborted) {
        result = tls.try_handshake();
        yield.now();  // before the place is given up: the next one computes in the next round
      }
    }
    if (result) return *result;
    if (!aborted) aborted = tls.wait_for_handshake(yield);
    const bool has_sent = !aborted || transport.available() > 0;
    if (has_sent && time.begins_anew()) continue;
    // The drain has cancelled a wait, and waits itself for what has begun.
    const bool may_end_first = stage == Stage::draining && !time.is_over();
    if (aborted && !may_end_first) return aborted;
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
                            std::chrono::milliseconds timeout, const Stage& stage, Yield yield) {
  TimeToAgree time(yield, timeout);
  const auto failed = [&](error_code error) {
    const bool aborted = error == boost::asio::error::operation_aborted;
    return failure_of(error, aborted && time.is_over());
  };
  const error_code interrupted = receive_first(connection.transport(), first, scratch, yield);
  if (interrupted && first.empty()) return failed(interrupted);
  time.begins_anew();
  coro::TlsStream& tls = connection.encrypt(context, std::move(first));
  if (const error_code error = agree(tls, connection.transport(), time, turns, stage, yield))
    return failed(error);
  // C++20 could also make a failure of this text, in parentheses, so the result is named.
  return {boost::system::in_place_value, for_log(tls.details())};
}

}  // namespace server
