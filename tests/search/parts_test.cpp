// What maps state at each level, against their values and derivatives at points that climb.
#include <gtest/gtest.h>

#include <cmath>

#include "rules/at_level.hpp"
#include "search/check.hpp"
#include "search/component_list.hpp"

namespace smoothbound::search {
namespace {

// A map alone, as a network without parameters, on a batch of three.
class MapAlone {
 public:
  MapAlone(const std::string& component, const std::string& shape)
      : network_(support::read_network(
            fmt::format("batch: 3\ninput: {{shape: {}, norm: 1}}\nlayers: [{{then: [{{{}}}]}}]",
                        shape, component))),
        run_(network_.graph, 3),
        trajectory_(run_),
        inputs_(run_.values().front().shape),
        outputs_(run_.values()[run_.output()].shape),
        extents_(extents_of(network_.graph.output_shape(), 3)) {}

  /// Nothing of what has parameters, or consists of several.
  [[nodiscard]] std::optional<MapConstants> constants() const {
    const Layer& layer = network_.graph.layers.front();
    if (layer.components.size() != 1 || network_.graph.parameters > 0) return std::nullopt;
    return std::visit(
        [&](const auto& component) -> std::optional<MapConstants> {
          if constexpr (UnaryType<std::remove_cvref_t<decltype(component)>>) {
            const Parts parts = component.parts(network_.graph.site_of(layer, 0, 3), Method::sharp);
            return std::get<MapConstants>(*parts.begin());
          } else {
            return std::nullopt;
          }
        },
        layer.components.front().component);
  }
  [[nodiscard]] std::size_t inputs() const {
    return static_cast<std::size_t>(run_.input_elements());
  }
  [[nodiscard]] const Extents& extents() const { return extents_; }

  PerLevel<Magnitude> norms(const Numbers& z) {
    PerLevel<Magnitude> all;
    for (std::size_t level = 0; level < levels.size(); ++level) {
      all[level] = Magnitude::from_double(inputs_(z.data(), level));
    }
    return all;
  }
  double value(const Numbers& z, std::size_t level) {
    forward<double>(z, trajectory_);
    return outputs_(trajectory_.output().data(), level);
  }
  /// |a'(z)[h]|
  double slope(const Numbers& z, const Numbers& h, std::size_t level) {
    forward<double>(z, trajectory_);
    return outputs_(tangent(h).data(), level);
  }
  /// Nearly |a'(z)[x] + a''(z)[h, k]|, from below.
  double second(const Numbers& z, const Numbers& x, const Numbers& h, const Numbers& k,
                std::size_t level) {
    constexpr double step = 1e-5;
    const auto at = [&](double shift) {
      Numbers there = z;
      for (std::size_t i = 0; i < z.size(); ++i) there[i] += shift * k[i];
      forward<double>(there, trajectory_);
      return tangent(h);
    };
    const Numbers ahead = at(step);
    const Numbers behind = at(-step);
    forward<double>(z, trajectory_);
    const Numbers first = tangent(x);
    Numbers about = first;
    for (std::size_t i = 0; i < about.size(); ++i) about[i] += (ahead[i] - behind[i]) / (2 * step);
    Numbers unit;
    outputs_(about, level, unit);
    Numbers none;
    Numbers form(z.size());
    joint_hvp<double>(trajectory_, unit, {}, h, none, form);
    double sum = 0;
    for (std::size_t i = 0; i < first.size(); ++i) sum += unit[i] * first[i];
    for (std::size_t i = 0; i < form.size(); ++i) sum += form[i] * k[i];
    return sum;
  }

 private:
  Numbers tangent(const Numbers& h) {
    Numbers image(static_cast<std::size_t>(run_.output_elements()));
    jvp<double>(trajectory_, {}, h, image);
    return image;
  }

  support::Network network_;
  Network<double> run_;
  Trajectory<double> trajectory_;
  LevelNorms inputs_;
  LevelNorms outputs_;
  Extents extents_;
};

// A point and directions, some of few entries or one, some equal to the point.
using Place = std::array<Numbers, 4>;

Place draw_place(std::size_t size, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  constexpr std::array scales{0.01, 0.3, 1.0, 3.0, 30.0};
  Place place;
  const bool is_one_entry = random() % 3 == 0;
  const std::size_t only = random() % size;
  for (std::size_t part = 0; part < place.size(); ++part) {
    const double scale = part == 0 ? scales.at(random() % scales.size()) : 1;
    const bool is_sparse = random() % 3 == 0;
    const bool is_positive = random() % 4 == 0;
    const bool is_equal = part > 0 && random() % 3 == 0;
    for (std::size_t i = 0; i < size; ++i) {
      const bool is_left_out =
          part > 0 && is_one_entry ? i != only : is_sparse && random() % 10 > 1;
      const double entry = is_positive ? 1 : normal(random);
      place[part].push_back(is_left_out ? 0 : is_equal ? place[part - 1][i] : scale * entry);
    }
  }
  return place;
}

// The largest of `ratio`, from random places on by random steps.
template <class Ratio>
double climb(std::size_t size, std::mt19937_64& random, const Ratio& ratio) {
  std::normal_distribution<double> normal;
  double largest = 0;
  for (int start = 0; start < 4; ++start) {
    Place best = draw_place(size, random);
    double found = ratio(best);
    double reach = 0.5;
    for (int step = 0; step < 14; ++step) {
      Place next = best;
      const double size_of_z = norm_of(best[0]) / std::sqrt(static_cast<double>(size));
      for (std::size_t part = 0; part < next.size(); ++part) {
        for (double& entry : next[part]) {  // few entries remain few
          if (entry != 0) entry += reach * (part == 0 ? size_of_z : 1) * normal(random);
        }
      }
      const double reached = ratio(next);
      if (exceeds(reached, found)) {
        found = reached;
        best = next;
      } else {
        reach *= 0.7;
      }
    }
    if (exceeds(found, largest)) largest = found;
  }
  return largest;
}

// found / bound; nothing is compared to an infinite bound. Noise beside a bound of 0 is none.
double over(double found, const Magnitude& bound) {
  if (bound.is_infinite()) return 0;
  if (bound.is_zero()) return found > 1e-9 ? 2 : 0;
  return found / bound.to_double();
}

// All that is stated at a level.
void expect_stated(MapAlone& map, const MapConstants& a, std::size_t level, std::mt19937_64& random,
                   Nearest& nearest) {
  if (levels[level].centred) return;  // nothing is stated there
  const auto stated = rules::at_level(a, level, map.extents());
  if (!stated) return;
  const auto norm = [&](const Numbers& h) { return rules::read(stated->reads, map.norms(h)); };
  const auto norm_inner = [&](const Numbers& h) {
    return stated->inner ? map.norms(h)[*stated->inner] : norm(h);
  };
  const auto product = [&](const Place& at) {
    return std::min(norm(at[2]) * norm_inner(at[3]), norm_inner(at[2]) * norm(at[3]));
  };
  const Numbers none(map.inputs());
  const auto expect = [&](const char* what, const auto& ratio) {
    nearest.expect_bounded(climb(map.inputs(), random, ratio), Magnitude::from_count(1),
                           fmt::format("{} {}", levels[level].name, what));
  };
  nearest.expect_bounded(map.value(none, level), stated->at_zero,
                         fmt::format("{} at zero", levels[level].name));
  expect("bound", [&](const Place& at) { return over(map.value(at[0], level), stated->bound); });
  expect("lipschitz", [&](const Place& at) {
    return over(map.slope(at[0], at[1], level), stated->lipschitz * norm(at[1]));
  });
  expect("slope at zero", [&](const Place& at) {
    return over(map.slope(none, at[1], level), stated->slope_at_zero * norm(at[1]));
  });
  const Magnitude of_pairs = stated->smoothness_of_pairs.value_or(stated->smoothness);
  if (of_pairs.is_finite()) {
    expect("smoothness", [&](const Place& at) {
      return over(map.second(at[0], none, at[2], at[3], level), of_pairs * product(at));
    });
    expect("smoothness along one direction", [&](const Place& at) {
      return over(map.second(at[0], none, at[2], at[2], level),
                  stated->smoothness * norm(at[2]) * norm_inner(at[2]));
    });
  }
  if (!is_finer(a.inner, level)) return;
  if (a.growth.norm != nullptr) {
    expect("growth", [&](const Place& at) {
      return over(map.value(at[0], level),
                  a.growth.norm_within(norm(at[0]), map.extents().outside(level)));
    });
  }
  if (a.growth.slope != nullptr) {
    expect("reachable slope", [&](const Place& at) {
      return over(map.slope(at[0], at[1], level),
                  a.growth.slope_within(norm_inner(at[0])) * norm(at[1]));
    });
  }
  if (a.growth.joint.is_finite()) {
    expect("joint", [&](const Place& at) {
      return over(map.second(at[0], at[1], at[2], at[3], level),
                  hypotenuse(stated->lipschitz * norm(at[1]), a.growth.joint * product(at)));
    });
  }
}

TEST(StatedByMaps, HoldsAtEachLevel) {
  std::vector<std::string> components(settings_of_components.begin(), settings_of_components.end());
  for (const std::string_view name : component_names(Role::non_affine)) {
    components.emplace_back(name);
  }
  std::mt19937_64 random(11);
  Nearest nearest;
  int maps = 0;
  for (const std::string& component : components) {
    for (const char* const shape : {"[4, 3, 3]", "[3, 4]", "[5]"}) {
      SCOPED_TRACE(fmt::format("{} on {}", component, shape));
      nearest.set_context(fmt::format("{} on {}", component, shape));
      std::optional<MapAlone> map;
      try {
        map.emplace(component, shape);
      } catch (const std::runtime_error&) {
        continue;  // it does not fit there
      }
      const std::optional<MapConstants> a = map->constants();
      if (!a) continue;
      ++maps;
      for (std::size_t level = 0; level < levels.size(); ++level) {
        expect_stated(*map, *a, level, random, nearest);
      }
    }
  }
  if (std::getenv("SMOOTHBOUND_SEARCH") != nullptr) fmt::print("{}", nearest.to_text());
  EXPECT_GT(maps, 150);
  for (const Level& level : levels) {
    if (level.centred || level.of_matrices) continue;
    for (const std::string_view what :
         {"lipschitz", "smoothness along one direction", "smoothness", "growth", "joint"}) {
      if (level.channels && what == "growth") continue;
      EXPECT_GT(nearest.ratio(fmt::format("{} {}", level.name, what)), 0.7) << level.name << what;
    }
  }
  // Index maps, and softmax: laws that attain its second derivatives are few.
  EXPECT_GT(nearest.ratio("t lipschitz"), 0.7);
  EXPECT_GT(nearest.ratio("1 lipschitz"), 0.7);
  EXPECT_GT(nearest.ratio("1 smoothness along one direction"), 0.5);
  EXPECT_GT(nearest.ratio("1 smoothness"), 0.3);
}

}  // namespace
}  // namespace smoothbound::search
