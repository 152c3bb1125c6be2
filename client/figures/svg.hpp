#pragma once

#include <string>
#include <string_view>

namespace client {

/// Elements of a picture (SVG 1.1). Places are in its pixels, from the upper left; `kind` is the
/// class by which the style of the picture knows them.
std::string svg_text(double x, double y, std::string_view kind, std::string_view text);
std::string svg_line(double x1, double y1, double x2, double y2, std::string_view kind);

/// The text with its special characters escaped.
std::string xml(std::string_view text);

/// The place of a diagram on the picture. A share is 0 at the left or the bottom, and 1 at the
/// other end.
struct Area {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  double x(double share) const { return left + share * (right - left); }
  double y(double share) const { return bottom - share * (bottom - top); }
};

/// A line across with its label to the left of the diagram.
std::string horizontal_tick(const Area& area, double share, std::string_view label);
/// A short line at the bottom with its label below.
std::string vertical_tick(const Area& area, double share, std::string_view label);
/// The names of both axes.
std::string axis_names(const Area& area, std::string_view across, std::string_view up);

}  // namespace client
