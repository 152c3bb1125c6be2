#include "server/session/session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "server/net/network.hpp"
#include "server/session/goodbye.hpp"
#include "server/session/greeting.hpp"
#include "server/session/handshake.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using boost::asio::buffer;
using coro::error_code;
using coro::Yield;

Ending ending_of(error_code error) {
  if (error == error::eof) return Ending::closed_by_client;
  if (error == coro::TlsError::truncated) return Ending::truncated;
  if (error == error::connection_reset || error == error::broken_pipe ||
      error == error::connection_aborted)
    return Ending::reset_by_client;
  return Ending::connection_lost;
}

}  // namespace

Session::Session(SessionContext& context, coro::Descriptor socket, Transport transport, Yield yield)
    : task_(yield.task()),
      silence_(yield),
      context_(context),
      stage_(transport == Transport::tls ? std::max(context.stage, context.tls_stage)
                                         : context.stage),
      transport_(transport) {
  stream_.emplace(yield.scheduler(), std::move(socket));
  if (stage_ > context.stage) task_.cancel();  // it is too late for a handshake
}

// The end is counted here and not in run(): an exception skips the rest of run(), and that session
// must be counted and free its slot (limits.max_connections) too.
Session::~Session() {
  // Only an exception leaves `failed`: run() sets another ending in each other case.
  if (ending_ == Ending::failed && log_) log_->disconnected(to_string(ending_), totals_);
  context_.statistics.ended(ending_);
  if (transport_ == Transport::tls) --context_.speak_tls;
  context_.ended.notify_all();
}

// Beginning, middle and end of the story.
void Session::run(std::unique_ptr<SessionState> state, Yield yield) {
  number_ = state->number;
  connected_ = state->connected;
  peer_ = std::move(state->peer);
  const Ending ending =
      state->greeting ? begin(std::move(state), yield) : go_on(std::move(state), yield);
  ending_ = close(ending, yield);
  if (!log_) return;
  totals_.duration = coro::Clock::now() - connected_;
  log_->disconnected(std::string(to_string(ending_)) + detail_, totals_);
}

// Nothing is logged before the PROXY header is read, since the header says which client this is;
// nor before the handshake of TLS, which says how it connects.
Ending Session::begin(std::unique_ptr<SessionState> state, Yield yield) {
  greeting_ = &*state->greeting;
  auto greeting = read_greeting(stream_->transport(), peer_, connected_, context_.config,
                                context_.scratch, *state->greeting, yield);
  greeting_ = nullptr;
  state.reset();
  std::string proxy;
  if (greeting && greeting->header.source)
    proxy = std::exchange(peer_, peer_at(*greeting->header.source)).name;
  if (greeting && refuses(greeting->header)) return Ending::not_allowed;

  log_.emplace(context_.log, number_, peer_.name,
               connect_details(context_.log, stream_->descriptor(), std::move(proxy)));
  if (!greeting || transport_ == Transport::plain) log_->connected();
  if (greeting) return serve(std::move(greeting->rest), yield);
  if (stage_ != Stage::serving) return Ending::shutdown;
  detail_ = ": " + greeting.error();
  return Ending::proxy_header;
}

// Only of a client behind a proxy: Sessions has admitted the others. The proxy itself may always
// connect, such as for a health check.
bool Session::refuses(const ProxyHeader& header) {
  return header.size > 0 && !header.local && !context_.admission.admits(peer_);
}

// `first` holds the client's bytes that came with the PROXY header (ProxyGreeting::rest).
Ending Session::serve(std::string first, Yield yield) {
  const auto kept = place(context_.config.limits.max_connections_per_ip);
  if (peer_.address && !kept) {
    context_.refused_by_address.happened();
    return Ending::limit;
  }
  if (transport_ == Transport::tls) {
    if (const auto ending = encrypt(std::exchange(first, {}), yield)) return *ending;
  }
  faults_ = Faults::make(context_.config.faults, yield);
  if (!first.empty()) {
    if (const auto ending = answer(first, yield)) return *ending;
  }
  silence_.wait_in(context_.reaper);
  return echo(yield);
}

// Kept for as long as the client is served. A client without an address needs none.
AddressLimit::Place Session::place(std::size_t most) {
  if (!peer_.address) return {};
  const unsigned prefix = context_.config.limits.ipv6_prefix;
  return context_.addresses.enter(network_of(*peer_.address, prefix), most);
}

// The connection has ended. An error of TLS is worth a word in the log.
Ending Session::end_by(error_code error) {
  if (error.category() == coro::tls_category()) detail_ = ": " + error.message();
  return ending_of(error);
}

// From here on everything is encrypted, unless the client does not agree.
std::optional<Ending> Session::encrypt(std::string first, Yield yield) {
  const auto agreed =
      shake_hands(*stream_, context_.tls.value(), std::move(first), context_.scratch,
                  context_.handshakes, context_.config.tls.handshake_timeout, yield);
  if (agreed) {
    ++context_.statistics.handshakes;
    log_->connected(*agreed);
    return std::nullopt;
  }
  if (stage_ != Stage::serving) return Ending::shutdown;
  const HandshakeFailure& failure = agreed.error();
  ++(failure.timed_out ? context_.statistics.timed_out_handshakes
                       : context_.statistics.failed_handshakes);
  detail_ = ": " + failure.reason;
  if (failure.has_sent) log_->connected({}, true);
  return Ending::handshake_failed;
}

// The echo: read, send back, until somebody ends it. Others run while this client is silent;
// limits.idle_timeout counts from each wait_in().
Ending Session::echo(Yield yield) {
  for (; stage_ == Stage::serving; silence_.wait_in(context_.reaper)) {
    const std::size_t room = context_.scratch.size();
    const std::size_t most = faults_ ? faults_->read_size(room, totals_.bytes_in) : room;
    const auto [error, size] = stream_->read_some(buffer(context_.scratch.data(), most), yield);
    const std::string_view bytes(context_.scratch.data(), size);

    if (error && error != error::operation_aborted) return end_by(error);
    // Somebody has cancelled the read: the service, the reaper, or the look at the delivery. The
    // bytes that had arrived by then are there all the same.
    if (error) {
      const auto ending = why_aborted();
      if (ending || stage_ != Stage::serving)
        return answer_arrived(ending.value_or(Ending::shutdown), bytes, yield);
      if (bytes.empty() && silence_.timed_out()) return Ending::idle_timeout;
      if (bytes.empty()) continue;
    }
    if (const auto ending = answer(bytes, yield)) return *ending;
  }
  return answer_arrived(Ending::shutdown, {}, yield);
}

// Sends back what was received; an ending if that was the last. Inline, for each echo calls it.
inline std::optional<Ending> Session::answer(std::string_view bytes, Yield yield) {
  count_received(bytes.size());
  log_->received(bytes);
  return faults_ ? answer_with_faults(bytes, yield) : write_all(bytes, yield);
}

std::optional<Ending> Session::answer_with_faults(std::string_view bytes, Yield yield) {
  silence_.leave();  // it is the service that is slow now
  if (faults_->resets()) return Ending::fault;
  const std::string kept(bytes);  // others use the scratch meanwhile
  faults_->hold_back(kept, faults_->delay_of(kept.size()), yield);
  if (const auto ending = write_all(kept, yield)) return ending;
  return faults_->closes(totals_.bytes_in) ? std::optional(Ending::fault) : std::nullopt;
}

// Bytes in the scratch are the session's own only until it suspends. So as many as the socket has
// room for now, nearly always all, are sent from the scratch, and only the rest is copied.
std::optional<Ending> Session::write_all(std::string_view bytes, Yield yield) {
  const auto [error, size] = stream_->try_write(buffer(bytes));
  count_sent(size);
  if (error) return end_by(error);
  if (size == bytes.size()) return std::nullopt;
  return write_rest(std::string(bytes.substr(size)), yield);
}

// The rest goes out as the client reads. Nothing is read meanwhile, so that a client that does not
// read costs one buffer at the most.
std::optional<Ending> Session::write_rest(const std::string& rest, Yield yield) {
  silence_.leave();  // limits.write_timeout takes over
  std::optional<Ending> ending;
  if (stage_ == Stage::aborting) ending = Ending::shutdown;
  for (std::string_view left = rest; !left.empty() && !ending;) {
    unsent_ = left;
    const auto [error, size] = stream_->write_some(buffer(left), yield);
    count_sent(size);
    left.remove_prefix(size);
    // A drain is no ending here: what was received still goes back.
    if (error) ending = error == error::operation_aborted ? why_aborted() : end_by(error);
  }
  unsent_ = {};
  return ending;
}

// The service ends the connection: what has arrived by now goes back, what comes later does not.
// `bytes` are read already.
Ending Session::answer_arrived(Ending ending, std::string_view bytes, Yield yield) {
  if (ending == Ending::write_timeout) return ending;
  decided_ = ending;
  for (std::size_t arrived = bytes.size() + stream_->available(); arrived > 0;) {
    if (faults_ && stage_ == Stage::aborting) break;  // the faults would hold the bytes back
    if (bytes.empty()) {
      const std::size_t most = std::min(arrived, context_.scratch.size());
      const auto [error, size] = stream_->try_read(buffer(context_.scratch.data(), most));
      if (size == 0) break;
      bytes = {context_.scratch.data(), size};
    }
    arrived -= bytes.size();
    if (const auto other = answer(std::exchange(bytes, {}), yield)) return *other;
  }
  return ending;
}

// A client that the service sends away gets a goodbye. One that takes nothing, or that a fault has
// chosen, gets a reset. Any other gets a plain close. Returns the ending as it turns out: a client
// that has closed its half and does not take the rest of its echo has a write time-out.
Ending Session::close(Ending ending, Yield yield) {
  const bool reset =
      ending == Ending::write_timeout || (ending == Ending::fault && faults_ && faults_->resets());
  const bool by_service = ending == Ending::idle_timeout || ending == Ending::shutdown ||
                          ending == Ending::proxy_header || ending == Ending::fault ||
                          (ending == Ending::handshake_failed && stream_->is_encrypted());
  const bool by_client = ending == Ending::closed_by_client || ending == Ending::truncated;
  if (ending == Ending::fault && faults_)
    detail_ = reset ? ": reset_probability" : ": close_after";  // the keys of `faults`
  if (ending == Ending::handshake_failed) stream_->leave_tls();
  decided_ = ending;
  faults_.reset();  // its time limit ends too, and does not interrupt the goodbye
  silence_.leave();

  bool arrives = !reset;
  Goodbye goodbye(*stream_, context_.scratch, stage_, delivery_);
  if (!reset && by_service) arrives = goodbye.say(goodbye_until_, yield);
  if (!reset && by_client) arrives = goodbye.deliver_rest(yield);
  // Without a reset the kernel keeps for minutes what the client does not take. A service that ends
  // needs none: no further clients fill that memory, and the kernel goes on delivering.
  if (!arrives && (reset || stage_ == Stage::serving)) {
    stream_->reset_on_close();
    if (!by_service) ending = Ending::write_timeout;
  }
  // Bytes that are not read would turn the close into a reset.
  if (is_refusal(ending)) {
    const auto unwanted = buffer(context_.scratch.data(), context_.scratch.size());
    static_cast<void>(stream_->try_read(unwanted));
  }
  stream_.reset();
  return ending;
}

// Returns why an operation was aborted. None: the service drains, or the client was idle, and the
// caller finds out which.
std::optional<Ending> Session::why_aborted() const {
  if (delivery_.stalled()) return Ending::write_timeout;
  if (faults_ && faults_->closes(totals_.bytes_in)) return Ending::fault;
  if (stage_ == Stage::aborting) return Ending::shutdown;
  return std::nullopt;
}

// Sessions calls this between two turns of the session, never while the session runs. Cancelling is
// enough: why_aborted() finds the reason.
bool Session::look_at_delivery() {
  if (!stream_ || (unsent_.empty() && delivery_.complete(totals_.bytes_out))) return false;
  delivery_.look(totals_.bytes_out, stream_->unacknowledged());
  if (unsent_.empty() && delivery_.complete(totals_.bytes_out)) return false;
  if (delivery_.stalled()) task_.cancel();
  return true;
}

// Each byte counts for the line that ends this session, and for the figures of the service.
void Session::count_received(std::size_t size) {
  totals_.bytes_in += size;
  context_.statistics.bytes_received += size;
  ++context_.statistics.reads;
}

void Session::count_sent(std::size_t size) {
  totals_.bytes_out += size;
  context_.statistics.bytes_sent += size;
}

}  // namespace server
