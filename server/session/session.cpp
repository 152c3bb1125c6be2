#include "server/session/session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "server/net/network.hpp"
#include "server/proxy/proxy_greeting.hpp"
#include "server/session/handshake.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using boost::asio::buffer;
using coro::Yield;

}  // namespace

Session::Session(SessionContext& context, coro::Descriptor socket, Transport transport,
                 coro::Trigger trigger, Yield yield)
    : task_(yield.task()),
      silence_(yield),
      context_(context),
      stage_(transport == Transport::tls ? std::max(context.stage, context.tls_stage)
                                         : context.stage),
      transport_(transport) {
  stream_.emplace(yield.scheduler(), std::move(socket), trigger);
  // An upgrade waits for the clients of TLS to end, so it is too late for a handshake: its first
  // wait returns operation_aborted.
  if (stage_ > context.stage) task_.cancel();
}

// The end is counted here and not in run(): an exception skips the rest of run(), and that session
// must be counted and free its slot (limits.max_connections) too.
Session::~Session() {
  // Only after an exception: run() ends the log otherwise.
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
  log_.reset();
}

// Nothing is logged before the PROXY header is read, since the header says which client this is;
// nor before the handshake of TLS, which says how it connects.
Ending Session::begin(std::unique_ptr<SessionState> state, Yield yield) {
  greeting_ = &*state->greeting;
  auto greeting = read_greeting(stream_->transport(), peer_, connected_, context_.config,
                                context_.scratch, *state->greeting, yield);
  greeting_ = nullptr;
  state.reset();  // a client that is served costs no memory for how it began
  std::string proxy;
  if (greeting && greeting->header.source)
    proxy = std::exchange(peer_, peer_at(*greeting->header.source)).name;
  // Without a line for this client: Admission logs one a second for all of them.
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
  // After the handshake, which no fault disturbs.
  faults_ = Faults::make(context_.config.faults, yield);
  if (!first.empty()) {
    if (const auto ending = answer(first, yield)) return *ending;
  }
  silence_.wait_in(context_.reaper);
  return echo(yield);
}

// The client keeps its place for as long as it is served. One over a Unix socket has no address
// and needs none.
AddressLimit::Place Session::place(std::size_t most) {
  if (!peer_.address) return {};
  const unsigned prefix = context_.config.limits.ipv6_prefix;
  return context_.addresses.enter(network_of(*peer_.address, prefix), most);
}

// From here on everything is encrypted, unless the handshake fails.
std::optional<Ending> Session::encrypt(std::string first, Yield yield) {
  if (!context_.tls) {
    ++context_.statistics.failed_handshakes;
    detail_ = ": TLS is off";
    return Ending::handshake_failed;
  }
  const auto agreed =
      shake_hands(*stream_, *context_.tls, std::move(first), context_.scratch, context_.handshakes,
                  context_.config.tls.handshake_timeout, stage_, yield);
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
  if (failure.has_sent) log_->connected({}, true);  // it is a client, and no port scan
  return Ending::handshake_failed;
}

// The echo: read, send back, until somebody ends it. Others run while this client is silent.
// limits.idle_timeout counts from each wait_in(); the first one is the caller's, since a session of
// another program has waited for a while already.
Ending Session::echo(Yield yield) {
  for (; stage_ == Stage::serving; silence_.wait_in(context_.reaper)) {
    const std::size_t room = context_.scratch.size();
    const std::size_t most = faults_ ? faults_->read_size(room, totals_.bytes_in) : room;
    const auto [error, size] = stream_->read_some(buffer(context_.scratch.data(), most), yield);
    const std::string_view bytes(context_.scratch.data(), size);

    if (error && error != error::operation_aborted) return end_by(error);
    // Somebody has cancelled the read: the service, the reaper, the look at the delivery, or
    // faults.close_after. The bytes that had arrived by then are there all the same.
    if (error) {
      const auto ending = why_aborted();
      if (ending || stage_ != Stage::serving)
        return answer_arrived(ending.value_or(Ending::shutdown), bytes, yield);
      const bool silent = bytes.empty() && !stream_->has_more_to_read();
      if (silent && silence_.timed_out()) return Ending::idle_timeout;
      if (bytes.empty()) continue;  // the reason has passed, such as a wait that is over
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
  // The order has cancelled an operation before this one, and does not cancel another.
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

// The service ends the connection. The bytes that have arrived by now go back, later ones do not.
// `bytes` are read already.
Ending Session::answer_arrived(Ending ending, std::string_view bytes, Yield yield) {
  if (ending == Ending::write_timeout) return ending;
  decided_ = ending;
  const std::size_t all = bytes.size() + stream_->available();
  std::size_t in_vain = 0;  // at least so many of them stood in records of TLS that bring nothing
  for (std::size_t arrived = all; arrived > 0;) {
    if (faults_ && stage_ == Stage::aborting) break;  // the faults would hold the bytes back
    if (bytes.empty()) {
      const std::size_t most = std::min(arrived, context_.scratch.size());
      const auto [error, size] = stream_->try_read(buffer(context_.scratch.data(), most));
      if (size == 0) {
        if (error || in_vain >= all || !stream_->has_more_to_read()) break;
        in_vain += coro::TlsStream::least_in_vain;
        yield.now();
        continue;
      }
      bytes = {context_.scratch.data(), size};
    }
    arrived -= bytes.size();
    if (const auto other = answer(std::exchange(bytes, {}), yield)) return *other;
  }
  return ending;
}

// Sessions calls this between two turns of the session, never while the session runs. Cancelling is
// enough: why_aborted() finds the reason.
bool Session::look_at_delivery() {
  const auto owes = [this] { return !unsent_.empty() || !delivery_.complete(totals_.bytes_out); };
  if (!stream_ || !owes()) return false;
  delivery_.look(totals_.bytes_out, stream_->unacknowledged());
  if (!owes()) return false;
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
