#include "store/private_file.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <system_error>
#include <unistd.h>

namespace afresh::store {
namespace {

// Of file systems whose locks or shared memory are not those of one kernel; from linux/magic.h and statfs(2).
constexpr std::array<unsigned long, 8> network_file_systems{
    0x6969,     // NFS
    0xff534d42, // CIFS
    0xfe534d42, // SMB2
    0x517b,     // SMB
    0x5346414f, // AFS
    0x73757245, // Coda
    0x01021997, // 9P
    0x00c36400, // Ceph
};

std::string directory_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

void check_directory(const std::string& directory)
{
    struct stat st {};
    struct statfs fs {};
    if (::stat(directory.c_str(), &st) != 0 || ::statfs(directory.c_str(), &fs) != 0)
        fail_errno(directory, "cannot be read", errno);
    if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
        fail(directory, "may be written by everybody, who could then exchange the file", "chmod o-w the directory");
    for (const unsigned long type : network_file_systems)
        if (static_cast<unsigned long>(fs.f_type) == type)
            fail(directory, "is on a network file system, where locks do not hold",
                 "keep the token store on a local disk");
}

} // namespace

std::string text_of_failure(const std::string& path, std::string_view problem, std::string_view remedy)
{
    std::string text = "the token store " + path + " ";
    (text += problem) += "; ";
    text += remedy;
    return text;
}

void fail(const std::string& path, std::string_view problem, std::string_view remedy)
{
    throw std::runtime_error(text_of_failure(path, problem, remedy));
}

void fail_errno(const std::string& path, std::string_view problem, int error)
{
    const char* remedy = "check the path and its permissions";
    if (error == ENOENT) remedy = "create the directory";
    if (error == ENOSPC || error == EDQUOT) remedy = "free some space";
    if (error == EROFS) remedy = "make the file system writable";
    std::string text(problem);
    ((text += " (") += std::generic_category().message(error)) += ")";
    fail(path, text, remedy);
}

std::string resolve(const std::string& path)
{
    const auto slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == ".." || path.find('\0') != std::string::npos)
        throw std::invalid_argument("sqlite_store_options::path names no file");
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(directory_of(path).c_str(), nullptr), &std::free);
    if (!real) fail_errno(path, "has no directory", errno);
    std::string directory = real.get();
    check_directory(directory);
    if (directory != "/") directory += '/';
    return directory + name;
}

bool is_there(const std::string& path)
{
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) {
        if (errno == ENOENT) return false;
        fail_errno(path, "cannot be looked at", errno);
    }
    if (S_ISLNK(st.st_mode)) fail(path, "is a symbolic link", "name the file itself");
    if (!S_ISREG(st.st_mode)) fail(path, "is not a regular file", "name another path");
    if (st.st_uid != ::geteuid()) fail(path, "belongs to another user", "run as its owner, or name another path");
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fail(path, "may be read or written by other users", "consider its tokens known, and chmod 600 the file");
    return true;
}

int create(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) fail_errno(path, "cannot be created", errno);
    if (::fchmod(fd, 0600) != 0) { // the umask may have taken bits away
        const int error = errno;
        ::close(fd);
        fail_errno(path, "cannot be given mode 0600", error);
    }
    return fd;
}

std::uint64_t random_bits()
{
    std::uint64_t bits = 0;
    if (::getentropy(&bits, sizeof bits) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
    return bits;
}

std::string fresh_name(const std::string& path) { return path + ".new-" + std::to_string(random_bits()); }

bool publish(const std::string& fresh, const std::string& path)
{
    const bool first = ::link(fresh.c_str(), path.c_str()) == 0; // unlike rename(2), never replaces anything
    const int error = errno;
    ::unlink(fresh.c_str());
    if (!first && error != EEXIST) fail_errno(path, "cannot be given its name", error);
    const int directory = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        ::fsync(directory);
        ::close(directory);
    }
    return first;
}

} // namespace afresh::store
