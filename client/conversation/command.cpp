#include "client/conversation/command.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/trim.hpp>
#include <filesystem>
#include <system_error>

namespace client {
namespace {

struct Entry {
  const char* name;
  Command::Kind kind;
  const char* help;
};

constexpr std::array entries = {
    Entry{":help", Command::Kind::help, ":help            this text"},
    Entry{":stats", Command::Kind::stats,
          ":stats           what was sent and came back, and how fast"},
    Entry{":ping", Command::Kind::ping, ":ping N          N small echoes (5), five a second"},
    Entry{":send", Command::Kind::send, ":send FILE       send a file and verify its echo"},
    Entry{":hex", Command::Kind::hex, ":hex on|off      show replies as a hex dump"},
    Entry{":close", Command::Kind::close, ":close           close the connection"},
    Entry{":reconnect", Command::Kind::reconnect, ":reconnect       close it and open a new one"},
    Entry{":quit", Command::Kind::quit, ":quit            leave at once"}};

const char* const notes =
    "Everything else is sent as typed; a line that begins with :: is sent with one colon less.\n"
    "Ctrl-C clears the line; Ctrl-D waits for what is still to come back, and leaves.\n";

std::vector<std::string> beginning_with(std::string_view prefix, std::vector<std::string> words) {
  std::erase_if(words, [&](const auto& word) { return !word.starts_with(prefix); });
  return words;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& entry : entries)
    names.emplace_back(entry.name);
  return names;
}

std::vector<std::string> file_names(std::string_view prefix) {
  const auto slash = prefix.rfind('/');
  const auto folder =
      slash == std::string_view::npos ? "" : std::string(prefix.substr(0, slash + 1));
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder.empty() ? "." : folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    auto name = folder + entry->path().filename().string();
    if (!std::string_view(name).starts_with(prefix)) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) name += '/';
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Command parse_command(std::string_view line) {
  if (!line.starts_with(':')) return {Command::Kind::text, std::string(line)};
  if (line.starts_with("::")) return {Command::Kind::text, std::string(line.substr(1))};
  const auto space = std::min(line.find(' '), line.size());
  const auto name = line.substr(0, space);
  const auto* const entry =
      std::ranges::find_if(entries, [name](const Entry& known) { return known.name == name; });
  if (entry == entries.end()) return {Command::Kind::unknown, std::string(name)};
  const auto is_space = [](char c) { return c == ' '; };
  return {entry->kind, boost::algorithm::trim_copy_if(std::string(line.substr(space)), is_space)};
}

std::string help_text() {
  std::string text;
  for (const auto& entry : entries)
    text.append(entry.help).append("\n");
  return text + notes;
}

std::optional<std::vector<std::string>> completions(std::string_view line) {
  if (parse_command(line).kind == Command::Kind::text) return std::nullopt;
  constexpr std::string_view send = ":send ";
  constexpr std::string_view hex = ":hex ";
  if (line.starts_with(send)) return file_names(line.substr(send.size()));
  if (line.starts_with(hex)) return beginning_with(line.substr(hex.size()), {"off", "on"});
  if (line.find(' ') != std::string_view::npos) return std::vector<std::string>();
  return beginning_with(line, command_names());
}

}  // namespace client
