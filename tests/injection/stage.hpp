#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/injection/control.hpp"
#include "tests/service/file_descriptor.hpp"
#include "tests/temporary_directory.hpp"

namespace injection {

// The surroundings of a service under injected faults: its files, a service manager that listens,
// and the preloaded library with its Control.
class Stage {
 public:
  Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  // Starts the service with these further arguments.
  std::vector<std::string> command(const std::vector<std::string>& arguments) const;

  // Writes its configuration: TCP, a Unix socket and the admin endpoint. `second_host` is an
  // address as a number, which getaddrinfo(3) takes for a name; `log`: it logs to the file of that
  // name.
  void configure(std::string_view second_host, std::string_view log = "") const;

  // The messages that the service manager got so far.
  std::string told();

  std::filesystem::path path(std::string_view name) const { return directory_ / name; }
  // A file's content; empty if there is none.
  std::string content(std::string_view name) const;
  Control& control() const { return *control_; }

 private:
  TemporaryDirectory directory_;
  service::FileDescriptor manager_;
  std::string told_;
  Control* control_;
};

}  // namespace injection
