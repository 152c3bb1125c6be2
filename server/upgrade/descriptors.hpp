#pragma once

#include <vector>

#include "server/upgrade/state.hpp"

namespace server {

/// The descriptors that a state names and for which something in it is responsible.
std::vector<int> own_descriptors(const State& state);

/// Those, and the ones that the service manager has passed, which may be among them.
std::vector<int> all_descriptors(const State& state);

/// Forgets descriptors that the service manager has passed and no listener has any more: the number
/// of one that was shut down, and closed, may be another descriptor's by now.
void forget_closed(State& state);

/// Lets execve(2) close these descriptors (FD_CLOEXEC). One that is not open is ignored.
void close_on_exec(const std::vector<int>& descriptors);

/// Keeps descriptors open across execve(2), unless this is destroyed before. Throws
/// std::system_error if one of them cannot be kept; then none is. One that is not open is ignored.
class KeptDescriptors {
 public:
  explicit KeptDescriptors(const std::vector<int>& descriptors);
  ~KeptDescriptors() { close_on_exec(changed_); }
  KeptDescriptors(const KeptDescriptors&) = delete;
  KeptDescriptors& operator=(const KeptDescriptors&) = delete;
  KeptDescriptors(KeptDescriptors&&) = delete;
  KeptDescriptors& operator=(KeptDescriptors&&) = delete;

 private:
  std::vector<int> changed_;
};

}  // namespace server
