#include "server/upgrade/descriptors.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace server {
namespace {

void append(std::vector<int>& descriptors, const std::vector<ListenerState>& listeners) {
  for (const ListenerState& listener : listeners) {
    descriptors.push_back(listener.socket);
    for (const int optional : {listener.file, listener.accepted})
      if (optional >= 0) descriptors.push_back(optional);
  }
}

}  // namespace

std::vector<int> own_descriptors(const State& state) {
  std::vector<int> descriptors;
  descriptors.reserve(state.sessions.size() + 8);
  for (const SessionState& session : state.sessions)
    descriptors.push_back(session.socket);
  append(descriptors, state.listeners);
  append(descriptors, state.udp_sockets);
  if (state.admin) descriptors.push_back(state.admin->socket);
  if (state.pid_file) descriptors.push_back(*state.pid_file);
  return descriptors;
}

std::vector<int> all_descriptors(const State& state) {
  std::vector<int> descriptors = own_descriptors(state);
  for (const InheritedDescriptor& inherited : state.environment.descriptors)
    descriptors.push_back(inherited.number);
  return descriptors;
}

void forget_closed(State& state) {
  std::vector<int> open;
  for (const auto* listeners : {&state.listeners, &state.udp_sockets})
    for (const ListenerState& listener : *listeners)
      if (listener.inherited) open.push_back(listener.socket);
  if (state.admin && state.admin->inherited) open.push_back(state.admin->socket);
  std::erase_if(state.environment.descriptors, [&](const InheritedDescriptor& inherited) {
    return std::ranges::find(open, inherited.number) == open.end();
  });
}

void close_on_exec(const std::vector<int>& descriptors) {
  for (const int descriptor : descriptors)
    static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
}

KeptDescriptors::KeptDescriptors(const std::vector<int>& descriptors) {
  changed_.reserve(descriptors.size());
  for (const int descriptor : descriptors) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags < 0 ? errno == EBADF : (flags & FD_CLOEXEC) == 0) continue;  // not open, or kept
    if (flags < 0 || ::fcntl(descriptor, F_SETFD, 0) != 0) {
      const int error = errno;
      close_on_exec(changed_);
      throw std::system_error(error, std::generic_category(), "fcntl");
    }
    changed_.push_back(descriptor);
  }
}

}  // namespace server
