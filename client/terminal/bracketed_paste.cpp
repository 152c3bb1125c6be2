#include "client/terminal/bracketed_paste.hpp"

namespace client {

void BracketedPaste::take(char byte, std::deque<Stroke>& strokes) {
  const auto kind = pasting_ ? Stroke::Kind::pasted : Stroke::Kind::typed;
  held_ += byte;
  if (end.starts_with(held_) || (!pasting_ && begin.starts_with(held_))) {
    if (held_ == begin)
      strokes.push_back({Stroke::Kind::paste_begins});
    else if (held_ != end)
      return;
    else if (pasting_)
      strokes.push_back({Stroke::Kind::paste_ends});
    pasting_ = held_ == begin;
    held_.clear();
    return;
  }
  // The first byte of a sequence occurs nowhere else in it, so the held bytes are part of no other.
  const bool may_begin = byte == begin.front();
  if (may_begin) held_.pop_back();
  for (const char held : held_)
    strokes.push_back({kind, held});
  held_.assign(may_begin ? 1 : 0, byte);
}

void BracketedPaste::give_up() {
  if (!pasting_) held_.clear();
  pasting_ = false;
}

}  // namespace client
