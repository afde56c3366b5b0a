#include "http/inflater.hpp"

#include <algorithm>
#include <climits>
#include <new>

namespace afresh::http {

namespace {

uInt at_most_what_zlib_counts(std::size_t n) { return static_cast<uInt>(std::min<std::size_t>(n, UINT_MAX)); }

} // namespace

inflater::inflater(format f)
{
    if (inflateInit2(&z_, static_cast<int>(f)) != Z_OK) throw std::bad_alloc(); // nothing else can go wrong here
}

inflater::~inflater() { inflateEnd(&z_); }

void inflater::restart()
{
    inflateReset(&z_);
    ended_ = false;
}

content_decoder::step inflater::run(std::string_view in, char* out, std::size_t room)
{
    content_decoder::step s;
    while (!ended_) {
        const auto given = at_most_what_zlib_counts(in.size() - s.taken);
        const auto asked = at_most_what_zlib_counts(room - s.made);
        z_.next_in = reinterpret_cast<const Bytef*>(in.data() + s.taken);
        z_.avail_in = given;
        z_.next_out = reinterpret_cast<Bytef*>(out + s.made);
        z_.avail_out = asked;
        const int result = inflate(&z_, Z_NO_FLUSH);
        s.taken += given - z_.avail_in;
        s.made += asked - z_.avail_out;
        if (result == Z_MEM_ERROR) throw std::bad_alloc();
        if (result == Z_STREAM_END) ended_ = true;
        // Z_BUF_ERROR: no input or no room, which is no error; Z_NEED_DICT: nobody has agreed on one
        else if (result != Z_OK && result != Z_BUF_ERROR)
            s.ec = errc::malformed_encoding;
        if (s.ec || s.made == room || (s.taken == in.size() && z_.avail_out > 0)) break;
    }
    return s;
}

} // namespace afresh::http
