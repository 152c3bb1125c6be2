#include "client/terminal/command.hpp"

#include <algorithm>
#include <array>
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

std::vector<std::string> command_names(std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& entry : entries)
    if (std::string_view(entry.name).starts_with(prefix)) names.emplace_back(entry.name);
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

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
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
  return {entry->kind, std::string(trim(line.substr(space)))};
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
  if (line.starts_with(hex)) {
    std::vector<std::string> words = {"off", "on"};
    std::erase_if(words,
                  [&](const auto& word) { return !word.starts_with(line.substr(hex.size())); });
    return words;
  }
  if (line.find(' ') != std::string_view::npos) return std::vector<std::string>();
  return command_names(line);
}

}  // namespace client
