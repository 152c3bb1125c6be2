#include "server/session/session.hpp"

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

// How long the service goes on for a client whose connection it ends: a while, and longer the more
// the client is owed, as if by a slow line.
constexpr std::chrono::seconds shortest_goodbye{10};
constexpr std::size_t slowest_line = std::size_t{32} * 1024;  // bytes a second

// No event says that bytes are acknowledged. The first looks are close together, since nearly every
// client is about to do so.
constexpr std::chrono::milliseconds first_look_after{1};
constexpr std::chrono::milliseconds longest_between_looks{256};

// The end of the stream is acknowledged like a byte. A client that is gone may never do so, and to
// wait for that would hold nothing but an entry in a table.
constexpr std::size_t end_of_stream = 1;

// What all who are ready may send back before anybody has another turn, and what each may at least.
constexpr std::size_t most_in_a_round = std::size_t{1024} * 1024;
constexpr std::size_t least_in_a_turn = std::size_t{64} * 1024;

Ending ending_of(error_code error) {
  if (error == error::eof) return Ending::closed_by_client;
  if (error == error::connection_reset || error == error::broken_pipe ||
      error == error::connection_aborted)
    return Ending::reset_by_client;
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
    : task_(yield.task()), waiting_(yield), context_(context) {
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
  ending_ = close(ending, yield);

  totals_.duration = coro::Clock::now() - connected;
  const std::string detail = ending_ == Ending::proxy_header ? ": " + greeting.error() : "";
  log_->disconnected(std::string(to_string(ending_)) + detail, totals_);
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
    waiting_.wait_in(context_.reaper);
    const error_code wait_error = stream_->wait_readable(yield);
    if (wait_error == error::operation_aborted) {
      if (const auto ending = why_aborted()) return answer_arrived(*ending, yield);
      if (!waiting_.timed_out()) continue;
      // The process may have been frozen for so long, while the client was not idle: look.
    } else if (wait_error) {
      return ending_of(wait_error);
    }

    error_code read_error;
    const std::size_t turn = bytes_in_a_turn(context_.scratch.size(), yield.scheduler());
    const std::size_t most = faults_ ? faults_->read_size(turn, totals_.bytes_in) : turn;
    const std::size_t size = stream_->receive(buffer(context_.scratch.data(), most), read_error);
    if (read_error == error::would_block) {
      if (waiting_.timed_out()) return Ending::idle_timeout;
      continue;
    }
    if (read_error) return ending_of(read_error);
    if (const auto ending = answer({context_.scratch.data(), size}, yield)) return *ending;
  }
  return answer_arrived(Ending::shutdown, yield);
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
  waiting_.leave();
  std::string_view left = rest;
  std::optional<Ending> ending;
  while (!left.empty() && !ending) {
    if (context_.stage == Stage::aborting) return Ending::shutdown;
    unsent_ = left.size();
    const error_code wait_error = stream_->wait_writable(yield);
    if (wait_error && wait_error != error::operation_aborted) return ending_of(wait_error);
    // Even if that is why it ends, there may be room by now: the process may have been frozen. If
    // it does not end, the service drains, and what was received still goes back.
    if (wait_error) ending = why_aborted();

    error_code send_error;
    const std::size_t size = stream_->send(buffer(left), send_error);
    totals_.bytes_out += size;
    context_.statistics.bytes_sent += size;
    if (send_error && send_error != error::would_block) return ending_of(send_error);
    left.remove_prefix(size);
  }
  unsent_ = 0;
  return ending;
}

// The service ends the connection: what has arrived by now goes back, what comes later does not.
Ending Session::answer_arrived(Ending ending, Yield yield) {
  if (ending == Ending::write_timeout) return ending;
  error_code read_error;
  std::size_t arrived = stream_->available();
  const auto holds_back = [this] { return faults_ && context_.stage == Stage::aborting; };
  while (arrived > 0 && !read_error && !holds_back()) {
    const std::size_t most = std::min(arrived, context_.scratch.size());
    const std::size_t size = stream_->receive(buffer(context_.scratch.data(), most), read_error);
    arrived -= size;
    if (size > 0) {
      if (const auto other = answer({context_.scratch.data(), size}, yield)) return *other;
    }
  }
  return ending;
}

// An operation was aborted. None: for the session to see that the service drains, or that the
// client was idle.
std::optional<Ending> Session::why_aborted() const {
  if (delivery_.stalled()) return Ending::write_timeout;
  if (faults_ && faults_->closes(totals_.bytes_in)) return Ending::fault;
  if (context_.stage == Stage::aborting) return Ending::shutdown;
  return std::nullopt;
}

bool Session::look_at_delivery() {
  if (!stream_ || (unsent_ == 0 && delivery_.complete(totals_.bytes_out))) return false;
  delivery_.look(totals_.bytes_out, stream_->unacknowledged());
  if (unsent_ == 0 && delivery_.complete(totals_.bytes_out)) return false;
  if (delivery_.stalled()) task_.cancel();
  return true;
}

// Returns the ending as it turns out.
Ending Session::close(Ending ending, Yield yield) {
  const bool reset =
      ending == Ending::write_timeout || (ending == Ending::fault && faults_->resets());
  const bool goodbye = ending == Ending::idle_timeout || ending == Ending::shutdown ||
                       ending == Ending::proxy_header || ending == Ending::fault;
  faults_.reset();  // with its time limit, which would hold for the goodbye too
  waiting_.leave();

  bool arrives = !reset;
  if (!reset &&
      (goodbye || (ending == Ending::closed_by_client && stream_->unacknowledged() > 0))) {
    stream_->finish_sending();
    arrives = goodbye ? linger(yield) : deliver(coro::Clock::time_point::max(), yield);
  }
  // The client does not read, so what is left in the kernel's buffer would stay there for minutes.
  // Where the service ends there is nobody to fill that memory again and again.
  if (!arrives && (reset || context_.stage == Stage::serving)) {
    stream_->reset_on_close();
    if (!goodbye) ending = Ending::write_timeout;
  }
  stream_.reset();
  return ending;
}

// The connection is to be closed, whatever the client is still owed.
bool Session::gives_up() const {
  return context_.stage == Stage::serving ? delivery_.stalled() : context_.stage == Stage::aborting;
}

// To close while the client still sends would reset the connection, and the reset would overtake
// the last of the echo. So it takes longer as long as some of that arrives. Whether all has.
bool Session::linger(Yield yield) {
  std::size_t left = stream_->unacknowledged();
  const auto until =
      coro::Clock::now() + shortest_goodbye + std::chrono::seconds(left / slowest_line);
  while (!discard_until_closed(yield)) {
    const std::size_t before = std::exchange(left, stream_->unacknowledged());
    if (left <= end_of_stream) return true;
    if (gives_up() || coro::Clock::now() >= until) return false;
    if (context_.stage == Stage::draining && left == before) return false;
  }
  return deliver(until, yield);
}

// Whether the client has closed its half in time.
bool Session::discard_until_closed(Yield yield) {
  const coro::TimeLimit limit(yield, linger_timeout);
  while (!gives_up()) {
    const error_code wait_error = stream_->wait_readable(yield);
    if (wait_error && wait_error != error::operation_aborted) return true;
    // Even if time is up: the process may have been frozen.
    error_code read_error;
    stream_->receive(buffer(context_.scratch.data(), context_.scratch.size()), read_error);
    if (read_error && read_error != error::would_block) return true;
    if (limit.expired()) return false;
  }
  return false;
}

// The kernel would go on sending after close(2), and hold the memory for it. So that this is
// bounded by the number of connections, the connection keeps its slot until all has arrived. False
// if the client does not take it.
bool Session::deliver(coro::Clock::time_point until, Yield yield) {
  auto progress = coro::Clock::now();
  auto pause = first_look_after;
  for (std::size_t left = stream_->unacknowledged(); left > end_of_stream;) {
    const auto now = coro::Clock::now();
    if (gives_up() || now >= until) return false;
    if (context_.stage == Stage::draining && now - progress >= linger_timeout) return false;
    static_cast<void>(coro::sleep_for(yield, pause));
    pause = std::min(pause * 2, longest_between_looks);
    const std::size_t before = std::exchange(left, stream_->unacknowledged());
    if (left < before) progress = coro::Clock::now();
  }
  return true;
}

}  // namespace server
