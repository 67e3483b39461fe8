#include "smoothbound/rules/position_classes.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

namespace smoothbound::rules {
namespace {

// Of one axis: how many inputs of each class an output reads, at the end by what it divides.
using Signature = std::vector<std::int64_t>;

// Positions of an axis: those with the same key are in one class.
template <class Key>
struct DividedAxis {
  PositionClasses::Axis axis;
  std::vector<Key> keys;  // by class

  explicit DividedAxis(std::vector<Key> of_positions) {
    std::map<Key, std::uint32_t> known;
    for (Key& key : of_positions) {
      const auto [place, is_new] =
          known.try_emplace(std::move(key), static_cast<std::uint32_t>(known.size()));
      if (is_new) {
        keys.push_back(place->first);
        axis.sizes.push_back(0);
      }
      axis.class_of.push_back(place->second);
      ++axis.sizes[place->second];
    }
  }
};

DividedAxis<Signature> passage_along(const PositionClasses::Axis* input, const AxisReads& reads) {
  const std::size_t classes = input == nullptr ? 1 : input->sizes.size();
  std::vector<Signature> signatures;
  for (const AxisReads::Output& output : reads.outputs) {
    Signature& signature = signatures.emplace_back(classes + 1);
    if (input == nullptr) {
      signature[0] = output.count;
    } else {
      for (std::int64_t t = 0; t < output.count; ++t) {
        ++signature[input->class_of[static_cast<std::size_t>(output.first + t * output.step)]];
      }
    }
    signature.back() = output.divisor;
  }
  return DividedAxis(std::move(signatures));
}

bool may_divide(const PositionClasses* input, const PositionReads& reads) {
  if (reads.axes.empty()) return false;
  if (input != nullptr && input->axes().size() != reads.axes.size()) return false;
  for (std::size_t k = 0; k < reads.axes.size(); ++k) {
    const AxisReads& axis = reads.axes[k];
    if (axis.outputs.empty()) return false;
    if (input != nullptr &&
        input->axes()[k].class_of.size() != static_cast<std::size_t>(axis.inputs)) {
      return false;
    }
  }
  return true;
}

// Calls `visit` with the index of each entry of an array of these sizes, in order.
template <class Visitor>
void for_each_index(std::span<const std::size_t> sizes, Visitor&& visit) {
  std::vector<std::size_t> index(sizes.size());
  for (;;) {
    visit(std::span<const std::size_t>(index));
    std::size_t k = sizes.size();
    while (k > 0 && ++index[k - 1] == sizes[k - 1]) index[--k] = 0;
    if (k == 0) return;
  }
}

std::vector<std::size_t> classes_along(std::span<const PositionClasses::Axis> axes) {
  std::vector<std::size_t> sizes;
  for (const PositionClasses::Axis& axis : axes) sizes.push_back(axis.sizes.size());
  return sizes;
}

template <class Axes>
bool are_equal(const Axes& axes) {
  return std::all_of(axes.begin(), axes.end(),
                     [&](const auto& axis) { return axis == axes.front(); });
}

std::size_t cells_of(std::span<const PositionClasses::Axis> axes) {
  std::size_t product = 1;
  for (const std::size_t classes : classes_along(axes)) {
    product *= std::min(classes, most_position_cells + 1);  // does not overflow
    product = std::min(product, most_position_cells + 1);
  }
  return product;
}

// How many positions of which of the input's cells are read, from counts along each axis.
std::vector<WeightedPlace> terms_of(const PositionClasses* input,
                                    std::span<const Signature* const> counts) {
  // Along each axis the classes that are read at all.
  std::vector<std::vector<std::size_t>> read(counts.size());
  std::vector<std::size_t> sizes;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    for (std::size_t c = 0; c + 1 < counts[k]->size(); ++c) {
      if ((*counts[k])[c] > 0) read[k].push_back(c);
    }
    if (read[k].empty()) return {};
    sizes.push_back(read[k].size());
  }
  std::vector<Magnitude> of_cells(input == nullptr ? 1 : input->cells());
  std::vector<std::size_t> classes(counts.size());
  for_each_index(sizes, [&](std::span<const std::size_t> index) {
    Magnitude count = Magnitude::from_count(1);
    for (std::size_t k = 0; k < index.size(); ++k) {
      classes[k] = read[k][index[k]];
      count *= Magnitude::from_count((*counts[k])[classes[k]]);
    }
    of_cells[input == nullptr ? 0 : input->cell_at(classes)] += count;
  });
  std::vector<WeightedPlace> terms;
  for (std::size_t c = 0; c < of_cells.size(); ++c) {
    if (!of_cells[c].is_zero()) terms.push_back({c, of_cells[c]});
  }
  return terms;
}

// The class of each of several divisions that one of their common classes is a part of.
using Origin = std::vector<std::uint32_t>;

// Nothing where their axes differ.
std::optional<DividedAxis<Origin>> common_axis(std::span<const PositionClasses* const> divided,
                                               std::size_t k) {
  const PositionClasses& first = *divided.front();
  const std::size_t positions = first.axes()[k].class_of.size();
  for (const PositionClasses* const classes : divided) {
    if (classes->axes().size() != first.axes().size() ||
        classes->axes()[k].class_of.size() != positions) {
      return std::nullopt;
    }
  }
  std::vector<Origin> of_positions(positions);
  for (std::size_t p = 0; p < positions; ++p) {
    for (const PositionClasses* const classes : divided) {
      of_positions[p].push_back(classes->axes()[k].class_of[p]);
    }
  }
  return DividedAxis(std::move(of_positions));
}

}  // namespace

PositionClasses::PositionClasses(std::vector<Axis> axes, bool may_exchange)
    : axes_(std::move(axes)), may_exchange_(may_exchange && are_equal(axes_)) {
  for_each_index(classes_along(axes_), [&](std::span<const std::size_t> index) {
    Magnitude size = Magnitude::from_count(1);
    for (std::size_t k = 0; k < index.size(); ++k) {
      size *= Magnitude::from_count(axes_[k].sizes[index[k]]);
    }
    std::vector<std::size_t> first(index.begin(), index.end());  // of its cell
    if (may_exchange_) std::sort(first.begin(), first.end());
    if (std::equal(first.begin(), first.end(), index.begin())) {
      cells_.push_back(sizes_.size());
      sizes_.push_back(size);
      classes_of_.push_back(std::move(first));
    } else {
      cells_.push_back(cell_at(first));
      sizes_[cells_.back()] += size;
    }
  });
}

std::size_t PositionClasses::cell_at(std::span<const std::size_t> classes) const {
  std::size_t place = 0;
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    place = place * axes_[k].sizes.size() + classes[k];
  }
  return cells_[place];
}

std::int64_t PositionClasses::positions() const {
  std::int64_t product = 1;
  for (const Axis& axis : axes_) product *= static_cast<std::int64_t>(axis.class_of.size());
  return product;
}

Passage::Passage(const PositionClasses* input, const PositionReads& reads)
    : is_mean_(reads.kind == PositionReads::Kind::mean) {
  if (!may_divide(input, reads)) return;
  std::vector<DividedAxis<Signature>> along;
  std::vector<PositionClasses::Axis> axes;
  for (std::size_t k = 0; k < reads.axes.size(); ++k) {
    along.push_back(passage_along(input == nullptr ? nullptr : &input->axes()[k], reads.axes[k]));
    axes.push_back(along.back().axis);
  }
  if (cells_of(axes) > most_position_cells) return;
  output_ = std::make_shared<PositionClasses>(
      std::move(axes), are_equal(reads.axes) && (input == nullptr || input->may_exchange()));
  for (std::size_t cell = 0; cell < output_->cells(); ++cell) {
    std::vector<const Signature*> counts;
    Patch patch;
    for (std::size_t k = 0; k < along.size(); ++k) {
      counts.push_back(&along[k].keys[output_->classes_of(cell)[k]]);
      patch.divisor = patch.divisor * LowerBound::from_count(counts.back()->back());
    }
    patch.terms = terms_of(input, counts);
    patches_.push_back(std::move(patch));
  }
}

std::vector<Magnitude> Passage::read(std::vector<Magnitude> of_inputs) const {
  // Of nothing there is nothing to sum, as of derivatives by a block that is new.
  if (std::all_of(of_inputs.begin(), of_inputs.end(), [](const auto& x) { return x.is_zero(); })) {
    return std::vector<Magnitude>(patches_.size());
  }
  if (!is_mean_) {
    for (Magnitude& x : of_inputs) x *= x;
  }
  std::vector<Magnitude> of_outputs;
  of_outputs.reserve(patches_.size());
  for (const Patch& patch : patches_) {
    const Magnitude sum = weighted_sum(patch.terms, of_inputs);
    of_outputs.push_back(is_mean_ ? sum / patch.divisor : square_root(sum));
  }
  return of_outputs;
}

CommonClasses::CommonClasses(std::span<const PositionClasses* const> all) {
  std::vector<const PositionClasses*> divided;
  std::copy_if(all.begin(), all.end(), std::back_inserter(divided),
               [](const PositionClasses* classes) { return classes != nullptr; });
  if (divided.empty()) return;
  std::vector<PositionClasses::Axis> axes;
  std::vector<std::vector<Origin>> origins;  // by axis and class
  for (std::size_t k = 0; k < divided.front()->axes().size(); ++k) {
    std::optional<DividedAxis<Origin>> common = common_axis(divided, k);
    if (!common) return;
    axes.push_back(std::move(common->axis));
    origins.push_back(std::move(common->keys));
  }
  if (cells_of(axes) > most_position_cells) return;
  const bool may_exchange =
      std::all_of(divided.begin(), divided.end(),
                  [](const PositionClasses* classes) { return classes->may_exchange(); });
  classes_ = std::make_shared<PositionClasses>(std::move(axes), may_exchange);
  std::size_t which = 0;
  std::vector<std::size_t> origin(origins.size());
  for (const PositionClasses* const classes : all) {
    std::vector<std::size_t>& cells = cells_.emplace_back(classes_->cells());
    if (classes == nullptr) continue;  // all its positions are in one
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      for (std::size_t k = 0; k < origin.size(); ++k) {
        origin[k] = origins[k][classes_->classes_of(cell)[k]][which];
      }
      cells[cell] = classes->cell_at(origin);
    }
    ++which;
  }
}

}  // namespace smoothbound::rules
