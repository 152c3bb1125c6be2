#include "server/upgrade/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "coro/descriptor.hpp"
#include "program/escape.hpp"
#include "program/quantity.hpp"
#include "server/upgrade/child.hpp"
#include "server/upgrade/descriptors.hpp"
#include "server/upgrade/state_codec.hpp"
#include "server/upgrade/state_memory.hpp"

namespace server {
namespace {

constexpr const char* state_variable = "COROECHO_STATE";

constexpr std::size_t longest_shown = 500;

std::string text_of(int error) {
  return std::generic_category().message(error);
}

// For a line of the log.
std::string shown(std::string_view text) {
  return program::escaped(text.substr(0, program::whole_characters(text, longest_shown)),
                          {.quoted = false});
}

bool is_script(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return file.get() == '#' && file.get() == '!';
}

std::string current_directory() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

// Warnings may stand before it.
std::string_view last_line(std::string_view text) {
  text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
  return text.substr(text.find_last_of('\n') + 1);  // npos + 1 is the begin
}

// "coroecho VERSION" in a line of its own; "" if there is none.
std::string_view version_in(std::string_view output) {
  constexpr std::string_view name = "coroecho ";
  constexpr std::string_view letters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~-";
  const std::string_view line = last_line(output);
  if (!line.starts_with(name)) return {};
  const std::string_view version = line.substr(name.size());
  return version.find_first_not_of(letters) == std::string_view::npos ? version
                                                                      : std::string_view();
}

// The reason of a child that ended in another way, with its last words.
std::string refusal(int status, std::string_view output) {
  constexpr std::string_view prefix = "coroecho: ";
  std::string_view line = last_line(output);
  if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
    return "it does not answer as coroecho does";
  std::string reason;
  if (WIFSIGNALED(status)) {
    const char* const name = ::sigdescr_np(WTERMSIG(status));
    reason = fmt::format("it was ended by signal {} ({})", WTERMSIG(status),
                         name == nullptr ? "?" : name);
  } else {
    reason = fmt::format("it ended with exit code {}", WEXITSTATUS(status));
  }
  return line.empty() ? reason : reason + ": " + shown(line);
}

Program::Result refused(std::string reason) {
  return {boost::system::in_place_error, std::move(reason)};
}

std::vector<std::string> environment_with_state(int memory) {
  std::vector<std::string> variables;
  for (const char* const* entry = environ; *entry != nullptr; ++entry)
    variables.emplace_back(*entry);
  variables.push_back(fmt::format("{}={}:{}", state_variable, ::getpid(), memory));
  return variables;
}

// The descriptor of a variable PID:DESCRIPTOR for this process.
std::optional<int> descriptor_for_this_process(std::string_view value) {
  const std::size_t colon = std::min(value.find(':'), value.size());
  const auto pid = program::parse_whole_number(value.substr(0, colon));
  if (pid != static_cast<std::uint64_t>(::getpid()) || colon == value.size()) return std::nullopt;
  const auto number = program::parse_whole_number(value.substr(colon + 1));
  if (!number || !std::in_range<int>(*number)) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

Program::Program(std::string path, std::vector<std::string> arguments, std::string directory)
    : path_(std::move(path)), arguments_(std::move(arguments)), directory_(std::move(directory)) {}

// AT_EXECFN (getauxval(3)) is the path that execve(2) was called with. For a script that is the
// path of the script, which the kernel has put behind its interpreter, the first argument.
Program Program::started(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel passes it as a number
  const auto* const executed = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (executed == nullptr || (is_script(executed) && argc > 0)) {
    std::string path = argc > 0 ? arguments.front() : "";
    return {std::move(path), std::move(arguments), current_directory()};
  }
  if (argc == 0) arguments.emplace_back(executed);
  return {executed, std::move(arguments), current_directory()};
}

// The directory in which the program was started, since its path and its arguments may be relative
// to that. A service in the foreground is still there. One in the background may be unable to
// return, for instance to the home of an administrator.
std::string Program::reachable_directory() const {
  return ::access(directory_.c_str(), X_OK) == 0 ? directory_ : ".";
}

Program::Result Program::ask(coro::Yield yield, std::chrono::nanoseconds limit) const {
  std::vector<std::string> arguments = arguments_;
  arguments.insert(arguments.begin() + std::min<std::ptrdiff_t>(1, std::ssize(arguments)),
                   {"--check-upgrade", std::to_string(state_version)});
  try {
    Child child(path_, reachable_directory(), std::move(arguments));
    const auto status = child.wait(yield, limit);
    if (!status && status.error() == boost::asio::error::timed_out)
      return refused(
          fmt::format("it did not answer in {} s", std::chrono::duration<double>(limit).count()));
    if (!status && status.error() == boost::asio::error::message_size)
      return refused("it prints without end");
    if (!status) return refused("it could not be asked: " + status.error().message());
    const std::string_view version = version_in(child.output());
    const bool agrees = WIFEXITED(*status) && WEXITSTATUS(*status) == EXIT_SUCCESS;
    if (!agrees || version.empty()) return refused(refusal(*status, child.output()));
    return {boost::system::in_place_value, version};
  } catch (const std::system_error& error) {
    return refused(shown(path_) + ": " + text_of(error.code().value()));
  } catch (const std::bad_alloc&) {
    return refused("out of memory");
  }
}

std::string Program::execute(const State& state) const try {
  const coro::Descriptor memory = sealed_memory(encode(state));
  std::vector<int> descriptors = all_descriptors(state);
  descriptors.push_back(memory.number());
  std::vector<std::string> arguments = arguments_;
  std::vector<std::string> environment = environment_with_state(memory.number());
  const std::vector<char*> argument_pointers = null_terminated(arguments);
  const std::vector<char*> environment_pointers = null_terminated(environment);
  const coro::Descriptor here(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));  // to come back to
  const KeptDescriptors kept(descriptors);
  const bool moved = ::chdir(reachable_directory().c_str()) == 0;
  ::execve(path_.c_str(), argument_pointers.data(), environment_pointers.data());
  const int error = errno;
  const bool back = !moved || ::fchdir(here.number()) == 0;
  return shown(path_) + ": " + text_of(error) + (back ? "" : ", and the directory has changed");
} catch (const std::bad_alloc&) {
  return "out of memory";
} catch (const std::system_error& error) {
  return error.what();
}

std::optional<State> take_state() {
  const char* const value = std::getenv(state_variable);
  if (value == nullptr) return std::nullopt;
  const auto descriptor = descriptor_for_this_process(value);
  ::unsetenv(state_variable);
  if (!descriptor) return std::nullopt;
  const coro::Descriptor memory(*descriptor);
  auto state = decode(read_sealed(memory));
  if (!state) throw std::runtime_error("cannot go on after an upgrade: " + state.error());
  close_on_exec(all_descriptors(*state));
  return *std::move(state);
}

}  // namespace server
