// The part of a session that ends it: why the connection ends, and how it is closed.
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

#include "server/session/goodbye.hpp"
#include "server/session/session.hpp"

namespace server {
namespace {

namespace errc = boost::system::errc;
namespace error = boost::asio::error;
using coro::error_code;
using coro::Yield;

constexpr auto no_watch = errc::no_space_on_device;  // epoll_ctl(2)

bool is_lack_of_resources(error_code error) {
  return error == no_watch || error == error::no_memory || error == error::no_buffer_space;
}

Ending ending_of(error_code error) {
  if (error == error::eof) return Ending::closed_by_client;
  if (error == coro::TlsError::truncated) return Ending::truncated;
  if (error == error::connection_reset || error == error::broken_pipe ||
      error == error::connection_aborted)
    return Ending::reset_by_client;
  if (is_lack_of_resources(error)) return Ending::failed;
  return Ending::connection_lost;
}

}  // namespace

// Returns why an operation was aborted. None: the service drains, or the client was idle, and the
// caller finds out which.
std::optional<Ending> Session::why_aborted() const {
  if (delivery_.stalled()) return Ending::write_timeout;
  if (faults_ && faults_->closes(totals_.bytes_in)) return Ending::fault;
  if (stage_ == Stage::aborting) return Ending::shutdown;
  return std::nullopt;
}

// The connection has ended. An error of TLS is worth a word in the log, and so is a lack that the
// operator can do something about.
Ending Session::end_by(error_code error) {
  if (error == no_watch)
    detail_ = ": fs.epoll.max_user_watches is reached";
  else if (error.category() == coro::tls_category() || error == coro::TlsError::unread ||
           error == coro::TlsError::new_keys || is_lack_of_resources(error))
    detail_ = ": " + error.message();
  return ending_of(error);
}

// A client that takes nothing, or that a fault has chosen, gets a reset, any other a goodbye.
// Returns the ending as it turns out: a client that has closed its half and does not take the rest
// of its echo has a write time-out.
Ending Session::close(Ending ending, Yield yield) {
  const bool by_client = ending == Ending::closed_by_client || ending == Ending::truncated;
  const bool by_fault = ending == Ending::fault && faults_;
  const bool reset = ending == Ending::write_timeout || (by_fault && faults_->resets());
  if (by_fault) detail_ = reset ? ": reset_probability" : ": close_after";  // the keys of `faults`
  decided_ = ending;
  faults_.reset();  // its time limit ends too, and does not interrupt the goodbye
  silence_.leave();

  const bool arrives = !reset && say_goodbye(ending, yield);
  // Without a reset the kernel keeps for minutes what the client does not take. A service that ends
  // needs none: no further clients fill that memory, and the kernel goes on delivering.
  if (!arrives && (reset || stage_ == Stage::serving)) {
    stream_->reset_on_close();
    if (by_client) ending = Ending::write_timeout;
  }
  // Bytes that are not read would turn the close into a reset.
  if (is_refusal(ending)) {
    const auto unwanted = boost::asio::buffer(context_.scratch.data(), context_.scratch.size());
    static_cast<void>(stream_->try_read(unwanted));
  }
  stream_.reset();
  return ending;
}

// Returns whether the client has everything that it is owed, as far as that matters.
bool Session::say_goodbye(Ending ending, Yield yield) {
  Goodbye goodbye(*stream_, context_.scratch, stage_, delivery_);
  switch (ending) {
    case Ending::idle_timeout:
    case Ending::shutdown:
    case Ending::proxy_header:
    case Ending::fault:
      return goodbye.say(goodbye_until_, yield);
    case Ending::closed_by_client:
    case Ending::truncated:
      return goodbye.deliver_rest(yield);
    case Ending::handshake_failed: {
      const bool has_sent = stream_->is_encrypted();  // otherwise it was silent or went away
      stream_->leave_tls();
      return !has_sent || goodbye.say(goodbye_until_, yield);
    }
    default:
      return true;  // the client was refused, or the connection is gone: a plain close
  }
}

}  // namespace server
