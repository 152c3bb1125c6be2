#include "server/config/yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>

#include "server/config/config_error.hpp"
#include "server/config/yaml_source.hpp"

namespace server {

namespace {

// yaml-cpp's node tree keeps the last of two equal keys and resolves aliases without a word, so the
// events are read.
class EntryCollector : public YAML::EventHandler {
 public:
  EntryCollector(const YamlSource& source, std::string name)
      : source_(source), name_(std::move(name)) {}

  std::vector<Entry> take_entries() { return std::move(entries_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(document_seen_, true)) fail(mark, "is a second document, expected only one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (in_list_) fail_key("has a list with an empty item");
    if (!sections_.empty()) {
      require_key(mark);
      add(Entry::Kind::nothing);
    }
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    check_scalar(mark, text);
    const Value value{.text = text, .quoted = tag == "!"};
    if (in_list_) {
      entries_.back().values.push_back(value);
    } else if (sections_.empty()) {
      source_.check_indentation(mark.line, place(name_, mark.line + 1));
      fail(mark, "found \"" + escaped(text) + "\", expected keys and values such as 'port: 8888'");
    } else if (!key_given_) {
      start_key(mark, text);
    } else {
      add(Entry::Kind::scalar);
      entries_.back().values.push_back(value);
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (in_list_) fail_key("has a list inside a list");
    if (sections_.empty())
      fail(mark, "found a list, expected keys and values such as 'port: 8888'");
    require_key(mark);
    add(Entry::Kind::list);
    in_list_ = true;
  }
  void OnSequenceEnd() override { in_list_ = false; }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (in_list_) {
      check_scalar(mark, "");  // a quote without its end looks like a key
      fail_key("has a list of sections, expected plain values");
    }
    if (sections_.empty()) {
      sections_.emplace_back();
      return;
    }
    require_key(mark);
    if (sections_.size() > 1) fail_key("is nested too deeply, expected a value");
    add(Entry::Kind::section);
    sections_.push_back(key_ + '.');
  }
  void OnMapEnd() override { sections_.pop_back(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not supported, write the value out");
  }

 private:
  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) const {
    throw ConfigError(place(name_, mark.line + 1) + ": " + message);
  }

  [[noreturn]] void fail_key(const std::string& message) const {
    throw ConfigError(place(name_, line_, key_) + ": " + message);
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor)
      fail(mark, "anchors (&name) are not supported, write the value out");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!")
      fail(mark, "tags (!name) are not supported, leave \"" + escaped(tag) + "\" out");
  }

  void check_scalar(const YAML::Mark& mark, const std::string& text) const {
    const bool is_value = key_given_ || in_list_;
    source_.check_scalar(
        mark.line, mark.column, text,
        is_value ? place(name_, mark.line + 1, key_) : place(name_, mark.line + 1));
  }

  void require_key(const YAML::Mark& mark) const {
    if (!key_given_)
      fail(mark, "found a value without a key, expected keys and values such as 'port: 8888'");
  }

  void start_key(const YAML::Mark& mark, const std::string& text) {
    key_ = sections_.back() + text;
    line_ = mark.line + 1;
    if (text == "<<") fail_key("merge keys are not supported, write the keys out");
    if (text.find('.') != std::string::npos)
      fail_key("has a dot, expected the section's name and below it the key");
    const auto [first, added] = first_lines_.emplace(key_, line_);
    if (!added) fail_key("is given twice, first on line " + std::to_string(first->second));
    key_given_ = true;
  }

  void add(Entry::Kind kind) {
    entries_.push_back({.key = key_, .line = line_, .kind = kind, .values = {}});
    key_given_ = false;
  }

  const YamlSource& source_;
  std::string name_;
  std::vector<Entry> entries_;
  std::vector<std::string> sections_;  // of the mappings that are open: "", "limits."
  std::map<std::string, int> first_lines_;
  std::string key_;  // the latest
  int line_ = 0;
  bool key_given_ = false;  // and its value not yet
  bool in_list_ = false;
  bool document_seen_ = false;
};

// Whether all of a value stands between these.
bool is_whole_value(std::string_view before, std::string_view after) {
  constexpr auto none = std::string_view::npos;
  const std::size_t last = before.find_last_not_of(" \t\r\n");
  const std::size_t next = after.find_first_not_of(" \t\r");
  if (last == none) return false;
  const bool is_apart = last + 1 < before.size();
  const bool begins = std::string_view(is_apart ? ":-[," : "[,").find(before[last]) != none;
  return begins && (next == none || std::string_view(",]}\n#").find(after[next]) != none);
}

// Two ways to write all addresses are YAML's own marks unless they are quoted: host: [::], host: *.
std::string with_wildcards_quoted(std::string_view text) {
  std::string quoted;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::size_t size = rest.starts_with("::") ? 2 : rest.starts_with('*') ? 1 : 0;
    if (size > 0 && is_whole_value(text.substr(0, at), rest.substr(size))) {
      quoted.append(1, '"').append(rest.substr(0, size)).append(1, '"');
      at += size;
    } else {
      quoted += text[at++];
    }
  }
  return quoted;
}

// Other errors may be on a line between brackets, where YAML takes tabs.
bool may_come_of_indentation(const YAML::Exception& error) {
  return error.msg == YAML::ErrorMsg::TAB_IN_INDENTATION ||
         error.msg == YAML::ErrorMsg::MAP_VALUE || error.msg == YAML::ErrorMsg::BLOCK_ENTRY;
}

std::vector<Entry> parse(const std::string& text, const std::string& name) {
  const YamlSource source(text, name);
  EntryCollector collector(source, name);
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(collector)) {
    }
  } catch (const YAML::Exception& error) {
    const std::string where = place(name, error.mark.line + 1);
    if (may_come_of_indentation(error)) source.check_indentation(error.mark.line, where);
    throw ConfigError(where + ": is not valid YAML, " + escaped(error.msg));
  }
  return collector.take_entries();
}

}  // namespace

std::vector<Entry> read_yaml(std::string_view text, const std::string& name) {
  const std::string plain(text);
  try {
    return parse(plain, name);
  } catch (const ConfigError&) {
    const std::string quoted = with_wildcards_quoted(text);
    if (quoted == plain) throw;
    return parse(quoted, name);
  }
}

}  // namespace server
