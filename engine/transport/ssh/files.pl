# Files of another machine, for the engine: what engine/transport/localFiles.ts and its neighbours do on its own machine, with the same
# rules. Each operation is one question and one answer; sent before lane.pl, in one program. Modules only of Debian's perl-base.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock :mode);
use Errno ();
use IO::Handle ();
use POSIX ();

umask 022;

my ($PATH_ONLY, $EMPTY_PATH, $NO_FOLLOW) = (010000000, 0x1000, 0x100);

# ---- Errors, by their names in <errno.h>

sub error_name {
    my ($name) = sort grep { $!{$_} } keys %!;
    return $name // 'EIO';
}

sub refuse {
    my ($call, $path) = @_;
    my ($text, $name) = ("$!", error_name());
    die [$name, $call, $path, $text];
}

sub is_gone { return $!{ENOENT} || $!{ENOTDIR} || $!{ESRCH} }

# ---- Times to the millisecond, of which Perl knows only whole seconds

my $ARCHITECTURE = (POSIX::uname())[4];
# By the kernel's tables: inotify_init1, inotify_add_watch, statx. A 64-bit kernel below 32-bit programs has those of its pointers' size.
my %NUMBERS = (
    'x86_64 8' => [294, 254, 332], 'x86_64 4' => [332, 292, 383], 'i686 4' => [332, 292, 383],
    'aarch64 8' => [26, 27, 291], 'riscv64 8' => [26, 27, 291], 'loongarch64 8' => [26, 27, 291],
    'armv7l 4' => [360, 317, 397], 'aarch64 4' => [360, 317, 397],
    'ppc64le 8' => [318, 276, 383], 's390x 8' => [324, 285, 379],
);
my $KERNEL_CALLS = $NUMBERS{ "$ARCHITECTURE " . length pack 'p', '' };

sub kernel_calls {
    my ($doing) = @_;
    die ['ENOSYS', 'syscall', '', "$doing on $ARCHITECTURE: the numbers of the kernel's calls are not known"] unless $KERNEL_CALLS;
    return @$KERNEL_CALLS;
}

# Of an open file, or of what a path names, links not followed.
sub modified_ms {
    my ($file, $path, $seconds) = @_;
    return $seconds * 1000 unless $KERNEL_CALLS;
    my ($at, $flags, $answer) = (defined $file ? fileno $file : -100, defined $file ? $EMPTY_PATH : $NO_FOLLOW, "\0" x 256);
    my $name = defined $file ? '' : "$path";
    return $seconds * 1000 if syscall($KERNEL_CALLS->[2], $at, $name, $flags, 0x40, $answer) != 0;
    my ($whole, $parts) = unpack 'x112 q L', $answer;
    return sprintf '%.4f', $whole * 1000 + $parts / 1e6;
}

# ---- One file

sub content_of {
    my ($file, $path) = @_;
    my $content = '';
    while (1) {
        my $bytes = sysread $file, $content, 262144, length $content;
        return $content if defined $bytes && $bytes == 0;
        refuse('read', $path) unless defined $bytes || $!{EINTR};
    }
}

sub write_all {
    my ($file, $content, $path) = @_;
    my $at = 0;
    while ($at < length $content) {
        my $bytes = syswrite $file, $content, length($content) - $at, $at;
        if (defined $bytes) { $at += $bytes }
        else { refuse('write', $path) unless $!{EINTR} }
    }
}

sub read_file {
    my ($id, $path) = @_;
    unless (sysopen my $file, $path, O_RDONLY) { return $!{ENOENT} || $!{ENOTDIR} ? [] : refuse('open', $path) }
    else { return -d $file ? [] : [content_of($file, $path)] }
}

# The process's own number: two engines, or two files at once, never take the same name.
sub write_file {
    my ($id, $path, $mode, $content) = @_;
    my ($folder, $name) = $path =~ m{^(.*/)([^/]+)$}s;
    my $temporary = "$folder.$name.$$.tmp";
    my $written = eval {
        sysopen my $file, $temporary, O_WRONLY | O_CREAT | O_TRUNC, $mode or refuse('open', $path);
        write_all($file, $content, $path);
        chmod $mode, $file or refuse('fchmod', $path);
        defined $file->sync or refuse('fsync', $path);
        close $file or refuse('close', $path);
        rename $temporary, $path or refuse('rename', $path);
    };
    my $error = $@;
    return [] if $written;
    unlink $temporary;
    die $error;
}

sub append_file {
    my ($id, $path, $mode, $content) = @_;
    sysopen my $file, $path, O_WRONLY | O_CREAT | O_APPEND, $mode or refuse('open', $path);
    write_all($file, $content, $path);
    return [];
}

sub make_folder {
    my ($path, $mode) = @_;
    return if mkdir $path, $mode;
    if ($!{ENOENT} && $path =~ m{^(.+)/[^/]+/*$}s) {
        make_folder($1, $mode);
        return if mkdir $path, $mode;
    }
    refuse('mkdir', $path) unless $!{EEXIST} && -d $path;
}

sub names_in {
    my ($path) = @_;
    opendir my $folder, $path or return undef;
    return [sort grep { $_ ne '.' && $_ ne '..' } readdir $folder];
}

# ---- Removing, never across a mount point

sub remove_folder {
    my ($path, $device) = @_;
    my $names = names_in($path);
    return if !$names && $!{ENOENT};
    refuse('scandir', $path) unless $names;
    for my $inner (map { "$path/$_" } @$names) {
        my @status = lstat $inner or next;
        if (!S_ISDIR($status[2])) {
            unlink $inner or $!{ENOENT} or refuse('unlink', $inner);
            next;
        }
        die ['EBUSY', 'rmdir', $inner, "deleting $path: $inner is mounted from elsewhere; unmount it first"] if $status[0] != $device;
        remove_folder($inner, $device);
    }
    rmdir $path or $!{ENOENT} or refuse('rmdir', $path);
}

sub remove {
    my ($id, $path) = @_;
    my @status = lstat $path;
    if (!@status) { return is_gone() ? [] : refuse('lstat', $path) }
    if (S_ISDIR($status[2])) { remove_folder($path, $status[0]) }
    else { unlink $path or $!{ENOENT} or refuse('unlink', $path) }
    return [];
}

sub remove_empty {
    my ($id, @paths) = @_;
    return [
        grep {
            my $left = !rmdir;
            refuse('rmdir', $_) if $left && !($!{ENOENT} || $!{EBUSY} || $!{ENOTEMPTY} || $!{ENOTDIR});
            $left && !$!{ENOENT}
        } @paths
    ];
}

# ---- What there is

sub real_path {
    my ($id, $path) = @_;
    my ($known, $rest) = ($path, '');
    while (1) {
        if (sysopen my $file, $known, $PATH_ONLY) {
            my $real = readlink '/proc/self/fd/' . fileno $file;
            return [$real eq '/' && $rest ne '' ? $rest : $real . $rest];
        }
        refuse('realpath', $path) unless $!{ENOENT} && $known =~ m{^(.*)/([^/]+)/*$}s;
        ($known, $rest) = ($1 eq '' ? '/' : $1, "/$2$rest");
    }
}

sub file_status {
    my ($id, $path) = @_;
    my @status = stat $path;
    if (!@status) { return is_gone() ? [] : refuse('stat', $path) }
    sysopen(my $file, $path, $PATH_ONLY) or refuse('open', $path);
    return [@status[2, 7, 6], modified_ms($file, $path, $status[9])];
}

sub file_states {
    my ($id, @paths) = @_;
    return [
        map {
            my @status = lstat;
            @status && S_ISREG($status[2]) ? ($_, "$status[0]:$status[1]", $status[7], modified_ms(undef, $_, $status[9])) : ()
        } @paths
    ];
}

sub link_file {
    my ($id, $from, $to) = @_;
    return ['true'] if link $from, $to;
    return $!{ENOENT} || $!{EEXIST} ? [] : refuse('link', $to);
}

sub write_pipe {
    my ($id, $path, $text) = @_;
    sysopen my $pipe, $path, O_WRONLY | O_NONBLOCK or return $!{ENXIO} || $!{ENOENT} ? [] : refuse('open', $path);
    return ['true'] if defined syswrite $pipe, $text;
    return $!{EAGAIN} || $!{EPIPE} ? [] : refuse('write', $path);
}

sub send_signal {
    my ($id, $pid, $number) = @_;
    return ['true'] if kill $number + 0, $pid + 0;
    return $!{ESRCH} ? [] : refuse('kill', $pid);
}

# ---- By name

# In a process of its own: the disk, or somebody's command, may take its time, and nobody else waits for it.
sub aside {
    my ($operation) = @_;
    return sub {
        my ($id, @arguments) = @_;
        pipe my ($ours), my ($theirs) or refuse('pipe', '');
        my $pid = fork // refuse('fork', '');
        if (!$pid) {
            my $said = eval { $operation->($id, @arguments) };
            my $error = $@;
            my $text = $said ? 'r' . pack '(N/a*)*', @$said : 'E' . pack '(N/a*)*', ref $error ? @$error : ('EIO', '', '', $error);
            eval { write_all($theirs, $text, '') };
            POSIX::_exit(0);
        }
        close $theirs;
        my $said = '';
        hear($ours, sub {
            my ($bytes) = @_;
            $said .= $bytes;
            return if $bytes ne '';
            waitpid $pid, 0;
            my $kind = substr $said, 0, 1, '';
            if ($kind) { answer($kind, $id, $said) }
            else { answer('E', $id, pack '(N/a*)*', 'EIO', '', '', 'the process that did it was ended') }
        });
        return undef;
    };
}

%main::operations = (
    %main::operations,
    readFile => \&read_file,
    writeFile => aside(\&write_file),
    appendFile => \&append_file,
    makeDirectory => sub { make_folder(@_[1, 2]); [] },
    listDirectory => sub { names_in($_[1]) || ($!{ENOENT} ? [] : refuse('scandir', $_[1])) },
    remove => aside(\&remove),
    removeEmpty => \&remove_empty,
    rename => sub { rename $_[1], $_[2] or refuse('rename', $_[1]); [] },
    realPath => \&real_path,
    stat => \&file_status,
    fileStates => \&file_states,
    link => \&link_file,
    writePipe => \&write_pipe,
    signal => \&send_signal,
);
