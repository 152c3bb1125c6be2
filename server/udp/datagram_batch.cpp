#include "server/udp/datagram_batch.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "coro/descriptor.hpp"
#include "coro/error.hpp"

namespace server {
namespace {

// The longest payload over IPv6 is 65,527 bytes. Another cache line keeps the beginnings of the
// datagrams from competing for the same lines of the cache.
constexpr std::size_t stride = std::size_t{64} * 1024 + 64;
constexpr std::size_t all_payloads = stride * DatagramBatch::capacity;

template <typename Value>
Value value_of(const cmsghdr& message) {
  Value value;
  std::memcpy(&value, CMSG_DATA(&message), sizeof value);
  return value;
}

// A socket may send to a broadcast address with SO_BROADCAST only.
bool is_one_host(in_addr address) {
  if (IN_MULTICAST(ntohl(address.s_addr))) return false;
  const coro::Descriptor probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr = address;
  return probe.is_open() &&
         ::connect(probe.number(), reinterpret_cast<sockaddr*>(&target), sizeof target) == 0;
}

// The kernel names another local address for its answer if a datagram was not sent to one host. It
// names none for a datagram that an inherited socket received before it had the option.
void read_asked(AskedAddress& asked, const in_pktinfo& information) {
  const in_addr address = information.ipi_addr;
  const in_addr answering = information.ipi_spec_dst;
  asked.kind = AskedAddress::Kind::ipv4;
  asked.unicast =
      answering.s_addr == INADDR_ANY ? is_one_host(address) : answering.s_addr == address.s_addr;
  asked.ipv4 = address;
}

void read_asked(AskedAddress& asked, const in6_pktinfo& information) {
  const in6_addr& address = information.ipi6_addr;
  asked.kind = AskedAddress::Kind::ipv6;
  asked.unicast = !IN6_IS_ADDR_MULTICAST(&address);
  asked.ipv6 = address;
  asked.interface = IN6_IS_ADDR_LINKLOCAL(&address) ? information.ipi6_ifindex : 0;
}

// A dual-stack socket reports an IPv4 datagram's address both ways; IPv4's knows of broadcasts.
void read_control(const msghdr& header, Datagram& datagram) {
  auto& messages = const_cast<msghdr&>(header);  // NOLINT: CMSG_NXTHDR() only reads it
  for (const cmsghdr* message = CMSG_FIRSTHDR(&header); message != nullptr;
       message = CMSG_NXTHDR(&messages, const_cast<cmsghdr*>(message))) {
    const int type = message->cmsg_type;
    if (message->cmsg_level == IPPROTO_IP && type == IP_PKTINFO) {
      read_asked(datagram.asked, value_of<in_pktinfo>(*message));
    } else if (message->cmsg_level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
      if (datagram.asked.kind == AskedAddress::Kind::bound)
        read_asked(datagram.asked, value_of<in6_pktinfo>(*message));
    } else if ((message->cmsg_level == IPPROTO_IP && type == IP_TTL) ||
               (message->cmsg_level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT)) {
      datagram.ttl = value_of<int>(*message);
    }
  }
}

template <typename Value>
void append(std::span<std::byte> control, std::size_t& used, int level, int type,
            const Value& value) {
  cmsghdr header{.cmsg_len = CMSG_LEN(sizeof value), .cmsg_level = level, .cmsg_type = type};
  std::memcpy(&control[used], &header, sizeof header);
  std::memcpy(&control[used + CMSG_LEN(0)], &value, sizeof value);
  used += CMSG_SPACE(sizeof value);
}

// Writes the control messages of an answer to `peer`: the address that it goes out from, and its
// TTL or hop limit. Returns how many bytes they have.
std::size_t write_control(std::span<std::byte> control, const Datagram& datagram) {
  const int ttl = datagram.ttl - 1;
  const AskedAddress& from = datagram.asked;
  std::size_t used = 0;
  if (from.kind == AskedAddress::Kind::ipv4) {
    // No interface: the route to the source may be another one than that from it.
    const in_pktinfo information{.ipi_ifindex = 0, .ipi_spec_dst = from.ipv4, .ipi_addr = {}};
    append(control, used, IPPROTO_IP, IP_PKTINFO, information);
  }
  if (from.kind == AskedAddress::Kind::ipv6) {
    const in6_pktinfo information{.ipi6_addr = from.ipv6, .ipi6_ifindex = from.interface};
    append(control, used, IPPROTO_IPV6, IPV6_PKTINFO, information);
  }
  if (datagram.peer.ipv4())
    append(control, used, IPPROTO_IP, IP_TTL, ttl);
  else
    append(control, used, IPPROTO_IPV6, IPV6_HOPLIMIT, ttl);
  return used;
}

// As recvmmsg(2) and sendmmsg(2) for one message, with less work for the kernel. Returns 1 or -1.
int receive_one(int socket, mmsghdr& message) {
  const ssize_t size = ::recvmsg(socket, &message.msg_hdr, MSG_DONTWAIT);
  if (size < 0) return -1;
  message.msg_len = static_cast<unsigned>(size);
  return 1;
}

int send_one(int socket, mmsghdr& message) {
  const ssize_t size = ::sendmsg(socket, &message.msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0) return -1;
  message.msg_len = static_cast<unsigned>(size);
  return 1;
}

}  // namespace

void DatagramBatch::Release::operator()(std::byte* memory) const {
  ::munmap(memory, all_payloads);
}

DatagramBatch::DatagramBatch() {
  void* const memory =
      ::mmap(nullptr, all_payloads, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::madvise(memory, all_payloads, MADV_NOHUGEPAGE);  // one would be 2 MiB at the first byte
  payloads_.reset(static_cast<std::byte*>(memory));
  for (std::size_t index = 0; index < capacity; ++index) {
    slots_[index].payload.iov_base = payloads_.get() + index * stride;
    make_room(index);
  }
}

void DatagramBatch::make_room(std::size_t index) {
  Slot& slot = slots_[index];
  slot.payload.iov_len = stride;
  messages_[index].msg_hdr = {.msg_name = &slot.peer,
                              .msg_namelen = sizeof slot.peer,
                              .msg_iov = &slot.payload,
                              .msg_iovlen = 1,
                              .msg_control = slot.control.data(),
                              .msg_controllen = sizeof slot.control,
                              .msg_flags = 0};
}

std::size_t DatagramBatch::receive(int socket, std::size_t most, coro::error_code& error) {
  answer_count_ = 0;
  while (received_count_ > 0)
    make_room(--received_count_);
  const int received = most == 1 ? receive_one(socket, messages_.front())
                                 : ::recvmmsg(socket, messages_.data(),
                                              static_cast<unsigned>(std::min(most, capacity)),
                                              MSG_DONTWAIT, nullptr);
  error = received < 0 ? coro::last_error() : coro::error_code();
  if (received > 0) received_count_ = static_cast<std::size_t>(received);
  return received_count_;
}

Datagram DatagramBatch::operator[](std::size_t index) const {
  const mmsghdr& message = messages_[index];
  const Slot& slot = slots_[index];
  Datagram datagram;
  datagram.peer = slot.peer;
  datagram.payload = {static_cast<const char*>(slot.payload.iov_base), message.msg_len};
  read_control(message.msg_hdr, datagram);
  if ((message.msg_hdr.msg_flags & MSG_CTRUNC) != 0) datagram.ttl = 0;
  return datagram;
}

void DatagramBatch::answer(std::size_t index, const Datagram& datagram, int socket_ttl) {
  Slot& slot = slots_[index];
  slot.payload.iov_len = datagram.payload.size();
  const bool is_as_usual =
      datagram.asked.kind == AskedAddress::Kind::bound && datagram.ttl - 1 == socket_ttl;
  msghdr& header = messages_[answer_count_].msg_hdr;
  if (answer_count_ != index) header = messages_[index].msg_hdr;
  ++answer_count_;
  header.msg_controllen = is_as_usual ? 0 : write_control(slot.control, datagram);
}

int send(int socket, std::span<mmsghdr> answers) {
  if (answers.size() == 1) return send_one(socket, answers.front());
  return ::sendmmsg(socket, answers.data(), static_cast<unsigned>(answers.size()),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
}

UdpRefusal refusal_by(int error) {
  if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) return UdpRefusal::no_buffer;
  // The kernel sends nothing to a broadcast address.
  return error == EACCES ? UdpRefusal::multicast : UdpRefusal::unreachable;
}

int send_answer(int socket, const Datagram& datagram) {
  Datagram copy = datagram;
  iovec payload{.iov_base = const_cast<char*>(datagram.payload.data()),  // sendmsg(2) only reads it
                .iov_len = datagram.payload.size()};
  alignas(cmsghdr) std::array<std::byte, 128> control{};
  const msghdr header{.msg_name = &copy.peer,
                      .msg_namelen = copy.peer.size(),
                      .msg_iov = &payload,
                      .msg_iovlen = 1,
                      .msg_control = control.data(),
                      .msg_controllen = write_control(control, datagram),
                      .msg_flags = 0};
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

}  // namespace server
