#include "client/terminal/wide_text.hpp"

#include <array>
#include <climits>
#include <cwchar>
#include <cwctype>

namespace client {
namespace {

constexpr wchar_t first_byte = 0xDC00;
constexpr wchar_t last_byte = 0xDCFF;

// The editor takes a character below 256 for a key. Such a one that is no text would be a command.
bool is_key(wchar_t character) {
  return character >= 0x80 && character <= 0xFF &&
         std::iswprint(static_cast<std::wint_t>(character)) == 0;
}

void append_bytes(std::wstring& characters, std::string_view bytes) {
  for (const char byte : bytes)
    characters += as_byte(byte);
}

}  // namespace

wchar_t as_byte(char byte) {
  return first_byte + static_cast<unsigned char>(byte);
}

std::wstring WideDecoder::take(char byte) {
  partial_ += byte;
  std::wstring characters;
  while (!partial_.empty()) {
    wchar_t character = 0;
    std::mbstate_t state{};
    const auto size = std::mbrtowc(&character, partial_.data(), partial_.size(), &state);
    if (size == static_cast<std::size_t>(-2)) break;  // there is more to come
    // A NUL would end a string, so it is kept as a byte, like a byte that is no character.
    const bool is_character = size != 0 && size != static_cast<std::size_t>(-1);
    const auto length = is_character ? size : 1;
    if (is_character && !is_key(character))
      characters += character;
    else
      append_bytes(characters, std::string_view(partial_).substr(0, length));
    partial_.erase(0, length);
  }
  return characters;
}

std::wstring WideDecoder::rest() {
  std::wstring characters;
  append_bytes(characters, partial_);
  partial_.clear();
  return characters;
}

std::wstring widened(std::string_view bytes) {
  WideDecoder decoder;
  std::wstring characters;
  for (const char byte : bytes)
    characters += decoder.take(byte);
  return characters + decoder.rest();
}

std::string narrowed(std::wstring_view characters) {
  std::string bytes;
  std::mbstate_t state{};
  for (const wchar_t character : characters) {
    if (character >= first_byte && character <= last_byte) {
      bytes += static_cast<char>(character - first_byte);
      continue;
    }
    std::array<char, MB_LEN_MAX> encoded{};
    const auto size = std::wcrtomb(encoded.data(), character, &state);
    if (size <= encoded.size()) bytes.append(encoded.data(), size);
  }
  return bytes;
}

}  // namespace client
