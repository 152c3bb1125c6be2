#include "tests/service/stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/service/random_bytes.hpp"

namespace service {

namespace {

constexpr std::size_t longest_piece = 65536;
constexpr std::size_t period = 1'000'003;  // no multiple of any buffer

// Every stream sends these bytes repeatedly, each from another offset.
const std::string& endless_bytes() {
  static const std::string bytes = [] {
    const std::string once = random_bytes(period);
    return once + once.substr(0, longest_piece);
  }();
  return bytes;
}

}  // namespace

Stream::Stream(SocketClient client, const Plan& plan)
    : client_(std::move(client)),
      plan_(plan),
      name_(client_.name()),
      begin_(plan.seed * 7919 % period) {}

short Stream::events() const {
  const bool sends = !half_closed_ && Clock::now() >= next_piece_;
  return static_cast<short>((sends ? POLLOUT : 0) | (plan_.reads ? POLLIN : 0));
}

void Stream::ready(short events) {
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && plan_.reads) receive();
  if ((events & POLLOUT) != 0 && !done_ && !half_closed_) send_piece();
  if (done_ || half_closed_ || sent_ < plan_.size) return;
  if (plan_.end == End::reset) {
    client_.reset();
    done_ = true;
  } else {
    shutdown(descriptor(), SHUT_WR);  // fails after a reset, which the next receive reports
    half_closed_ = true;
  }
}

void Stream::send_piece() {
  const std::size_t most = std::min({plan_.size - sent_, plan_.piece, longest_piece});
  const char* bytes = endless_bytes().data() + (begin_ + sent_) % period;
  const ssize_t size = send(descriptor(), bytes, most, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN) return over();
  if (size > 0) sent_ += static_cast<std::size_t>(size);
  next_piece_ = Clock::now() + plan_.pause;
}

void Stream::receive() {
  std::array<char, longest_piece> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t received = recv(descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (received < 0 && errno == EAGAIN) return;
  got_fin_ = received == 0;
  if (received <= 0) return over();
  const auto size = static_cast<std::size_t>(received);
  const char* expected = endless_bytes().data() + (begin_ + received_) % period;
  received_ += size;
  if (received_ > sent_ || std::memcmp(buffer.data(), expected, size) != 0) same_ = false;
}

void Stream::over() {
  client_.close();
  done_ = true;
}

void run(std::vector<Stream>& streams, const std::function<bool()>& until) {
  const Clock::time_point deadline = Clock::now() + 2 * patience;
  std::vector<pollfd> waiting;
  std::vector<Stream*> waiters;
  while (!until()) {
    waiting.clear();
    waiters.clear();
    for (Stream& stream : streams) {
      if (stream.done()) continue;
      waiting.push_back({.fd = stream.descriptor(), .events = stream.events(), .revents = 0});
      waiters.push_back(&stream);
    }
    if (waiters.empty()) return;
    if (Clock::now() > deadline) throw std::runtime_error("time is up: streams do not end");
    // Waits briefly, since pauses end and `until` changes without any of these being ready.
    if (poll(waiting.data(), waiting.size(), 5) < 0) throw_errno("poll");
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0) waiters[i]->ready(waiting[i].revents);
    }
  }
}

}  // namespace service
