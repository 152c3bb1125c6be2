#include "server/session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using boost::asio::buffer;
using coro::error_code;
using coro::Yield;

// How long a client may take to close its half after the service has closed its own and all has
// arrived.
constexpr std::chrono::seconds linger_timeout{2};

// What all who are ready may send back before anybody has another turn, and what each may at least.
constexpr std::size_t most_in_a_round = std::size_t{1024} * 1024;
constexpr std::size_t least_in_a_turn = std::size_t{64} * 1024;

Ending ending_of(error_code error) {
  if (error == error::eof) return Ending::closed_by_client;
  if (error == error::connection_reset || error == error::broken_pipe ||
      error == error::connection_aborted) {
    return Ending::reset_by_client;
  }
  return Ending::connection_lost;
}

// While many are ready each takes less at a time, so that small echoes are not kept waiting by
// bulk.
std::size_t bytes_in_a_turn(std::size_t most, const coro::Scheduler& scheduler) {
  const std::size_t crowd = std::max<std::size_t>(scheduler.crowd(), 1);
  return std::clamp(most_in_a_round / crowd, least_in_a_turn, most);
}

bool trusted(const Peer& peer, const Config& config) {
  // Who may connect to a Unix socket is decided by its mode.
  if (!peer.address) return true;
  return std::ranges::any_of(config.trusted_proxies, [&](const Network& network) {
    return network.contains(*peer.address);
  });
}

}  // namespace

Session::Session(SessionContext& context, coro::Descriptor socket, Yield yield)
    : waiter_(&yield.waiter()), waiting_(yield), context_(context) {
  stream_.emplace(yield.scheduler(), std::move(socket));
}

Session::~Session() {
  // Only an exception leaves it so: what else can end a session is an ending of its own.
  if (ending_ == Ending::failed && log_) log_->disconnected(to_string(ending_), totals_);
  context_.statistics.ended(ending_);
  context_.ended.notify_all();
}

void Session::run(std::uint64_t number, Peer peer, Yield yield) {
  const auto connected = coro::Clock::now();
  const Greeting greeting = this->greeting(peer, yield);
  if (greeting && greeting->header.source) peer = peer_at(*greeting->header.source);

  log_.emplace(context_.log, number, peer.name);
  const Ending ending = greeting                           ? serve(peer, greeting->rest, yield)
                        : context_.stage == Stage::serving ? Ending::proxy_header
                                                           : Ending::shutdown;
  close(ending, yield);
  ending_ = ending;

  totals_.duration = coro::Clock::now() - connected;
  const std::string detail = ending == Ending::proxy_header ? ": " + greeting.error() : "";
  log_->disconnected(std::string(to_string(ending)) + detail, totals_);
}

// Empty without the PROXY protocol; the error says what is wrong with the header.
Session::Greeting Session::greeting(const Peer& peer, Yield yield) {
  const ProxyProtocol accepted = context_.config.proxy_protocol;
  if (accepted == ProxyProtocol::off) return ProxyGreeting{};
  if (!trusted(peer, context_.config)) return "not from a trusted proxy";
  return read_proxy_greeting(*stream_, accepted, yield);
}

// `first` was received along with a proxy's header.
Ending Session::serve(const Peer& peer, std::string_view first, Yield yield) {
  AddressLimit::Place place;
  if (peer.address) {
    place = context_.addresses.enter(*peer.address, context_.config.limits.max_connections_per_ip);
    if (!place) {
      context_.refused_by_address.happened();
      return Ending::limit;
    }
  }
  faults_ = Faults::make(context_.config.faults, yield);
  if (!first.empty()) {
    if (const auto ending = answer(first, yield)) return *ending;
  }
  return echo(yield);
}

// The echo: wait until there is something to read, read it, send it back.
Ending Session::echo(Yield yield) {
  while (context_.stage == Stage::serving) {
    waiting_.wait_in(context_.reaper.idle());
    const error_code wait_error = stream_->wait_readable(yield);
    if (wait_error == error::operation_aborted) {
      if (const auto ending = why_aborted(Ending::idle_timeout)) return *ending;
      continue;
    }
    if (wait_error) return ending_of(wait_error);

    error_code read_error;
    const std::size_t turn = bytes_in_a_turn(context_.scratch.size(), yield.scheduler());
    const std::size_t most = faults_ ? faults_->read_size(turn, totals_.bytes_in) : turn;
    const std::size_t size = stream_->receive(buffer(context_.scratch.data(), most), read_error);
    if (read_error == error::would_block) continue;
    if (read_error) return ending_of(read_error);
    if (const auto ending = answer({context_.scratch.data(), size}, yield)) return *ending;
  }
  return drain(yield);
}

// Sends back what was received; an ending if that was the last.
std::optional<Ending> Session::answer(std::string_view bytes, Yield yield) {
  totals_.bytes_in += bytes.size();
  context_.statistics.bytes_received += bytes.size();
  ++context_.statistics.reads;
  log_->received(bytes);
  if (!faults_) return send(bytes, yield);

  waiting_.leave();
  if (faults_->resets()) return Ending::fault;
  const std::string kept(bytes);  // others use the scratch meanwhile
  faults_->hold_back(bytes.size(), yield);
  if (const auto ending = send(kept, yield)) return ending;
  return faults_->closes(totals_.bytes_in) ? std::optional(Ending::fault) : std::nullopt;
}

std::optional<Ending> Session::send(std::string_view bytes, Yield yield) {
  error_code send_error;
  const std::size_t size = stream_->send(buffer(bytes), send_error);
  totals_.bytes_out += size;
  context_.statistics.bytes_sent += size;
  if (send_error && send_error != error::would_block) return ending_of(send_error);
  if (size == bytes.size()) return std::nullopt;
  return send_rest(std::string(bytes.substr(size)), yield);
}

// What the socket would not take at once goes out as it drains. Nothing is read meanwhile, so that
// a client that does not read costs one buffer at the most.
std::optional<Ending> Session::send_rest(const std::string& rest, Yield yield) {
  std::string_view left = rest;
  while (!left.empty()) {
    waiting_.wait_in(context_.reaper.writing());
    const error_code wait_error = stream_->wait_writable(yield);
    if (wait_error == error::operation_aborted) {
      if (const auto ending = why_aborted(Ending::write_timeout)) return ending;
      continue;  // draining: what was received still goes back
    }
    if (wait_error) return ending_of(wait_error);

    error_code send_error;
    const std::size_t size = stream_->send(buffer(left), send_error);
    totals_.bytes_out += size;
    context_.statistics.bytes_sent += size;
    if (send_error && send_error != error::would_block) return ending_of(send_error);
    left.remove_prefix(size);
  }
  waiting_.leave();
  return std::nullopt;
}

// The service ends: what has arrived by now goes back, what comes later does not.
Ending Session::drain(Yield yield) {
  error_code read_error;
  std::size_t arrived = stream_->available();
  while (arrived > 0 && !read_error && context_.stage != Stage::aborting) {
    const std::size_t most = std::min(arrived, context_.scratch.size());
    const std::size_t size = stream_->receive(buffer(context_.scratch.data(), most), read_error);
    arrived -= size;
    if (size > 0) {
      if (const auto ending = answer({context_.scratch.data(), size}, yield)) return *ending;
    }
  }
  return Ending::shutdown;
}

// An operation was aborted. None: only for the session to see that the service drains.
std::optional<Ending> Session::why_aborted(Ending timeout) const {
  if (waiting_.timed_out()) return timeout;
  if (faults_ && faults_->closes(totals_.bytes_in)) return Ending::fault;
  if (context_.stage == Stage::aborting) return Ending::shutdown;
  return std::nullopt;
}

void Session::close(Ending ending, Yield yield) {
  const bool reset =
      ending == Ending::write_timeout || (ending == Ending::fault && faults_->resets());
  const bool goodbye = ending == Ending::idle_timeout || ending == Ending::shutdown ||
                       ending == Ending::proxy_header || ending == Ending::fault;
  faults_.reset();  // with its time limit, which would hold for the goodbye too
  waiting_.leave();

  if (reset) {
    // The client does not read, so what is left in the kernel's buffer would stay there.
    stream_->reset_on_close();
  } else if (goodbye) {
    stream_->finish_sending();
    linger(yield);
  }
  stream_.reset();
}

// To close while the client still sends would reset the connection, and the reset would overtake
// the last of the echo. So it takes longer as long as some of that arrives.
void Session::linger(Yield yield) {
  std::size_t before = 0;
  std::size_t left = stream_->unacknowledged();
  do {
    if (discard_until_closed(yield)) return;
    before = std::exchange(left, stream_->unacknowledged());
  } while (left > 0 && left < before && context_.stage != Stage::aborting);
}

// Whether the client has closed its half in time.
bool Session::discard_until_closed(Yield yield) {
  const coro::TimeLimit limit(yield, linger_timeout);
  while (!limit.expired() && context_.stage != Stage::aborting) {
    const error_code wait_error = stream_->wait_readable(yield);
    if (wait_error == error::operation_aborted) continue;
    if (wait_error) return true;
    error_code read_error;
    stream_->receive(buffer(context_.scratch.data(), context_.scratch.size()), read_error);
    if (read_error && read_error != error::would_block) return true;
  }
  return false;
}

}  // namespace server
