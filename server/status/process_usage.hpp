#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace server {

/// The system's account of this process, in the terms of Prometheus' standard metrics
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). A figure is
/// missing if the system does not give it, such as without /proc.
struct ProcessUsage {
  double cpu_seconds = 0;                            ///< of user and system
  std::optional<std::uint64_t> open_descriptors;     ///< files, sockets and the like
  std::optional<std::uint64_t> max_descriptors;      ///< RLIMIT_NOFILE; none = no limit
  std::optional<std::uint64_t> resident_bytes = {};  ///< in memory
  std::optional<std::uint64_t> virtual_bytes = {};   ///< of address space
  std::optional<double> started = {};                ///< seconds since 1970
};

/// The account at this moment. An upgrade does not start another process. Before Linux 6.2 each
/// descriptor costs a microsecond; `take_turns` is called after every few hundred of them, so that
/// a coroutine may let others run.
ProcessUsage process_usage(const std::function<void()>& take_turns);

}  // namespace server
