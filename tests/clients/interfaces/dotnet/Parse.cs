// Parse .NET 5.0.1: the part that docs/clients/dotnet.md uses.
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Parse.Abstractions.Infrastructure;

namespace Parse.Abstractions.Infrastructure
{
    public interface IServerConnectionData { }

    public interface IServiceHub { }
}

namespace Parse.Infrastructure
{
    public struct ServerConnectionData : IServerConnectionData
    {
        public string ApplicationID { get; set; }
        public string ServerURI { get; set; }
        public string Key { get; set; }
        public string MasterKey { get; set; }
    }
}

namespace Parse
{
    public class ParseClient : IServiceHub
    {
        public ParseClient(IServerConnectionData configuration) { }

        public void Publicize() { }
    }

    public class ParseObject
    {
        public ParseObject(string className, IServiceHub serviceHub = null) { }

        public virtual object this[string key] { get { return null; } set { } }

        public string ObjectId { get; set; }

        public T Get<T>(string key) { return default(T); }

        public Task SaveAsync(CancellationToken cancellationToken = default(CancellationToken)) { return null; }
    }

    public class ParseUser : ParseObject
    {
        public ParseUser() : base("_User") { }

        public string Username { get; set; }
        public string Password { get; set; }
        public string Email { get; set; }
    }

    public class ParseQuery<T> where T : ParseObject
    {
        public ParseQuery<T> OrderBy(string key) { return this; }
        public ParseQuery<T> Limit(int count) { return this; }
        public ParseQuery<T> Include(string key) { return this; }
        public ParseQuery<T> WhereGreaterThan(string key, object value) { return this; }
        public Task<IEnumerable<T>> FindAsync() { return null; }
    }

    public static class ObjectServiceExtensions
    {
        public static ParseQuery<ParseObject> GetQuery(this IServiceHub serviceHub, string className) { return null; }
    }

    public static class UserServiceExtensions
    {
        public static Task SignUpAsync(this IServiceHub serviceHub, ParseUser user, CancellationToken cancellationToken = default(CancellationToken)) { return null; }
        public static Task<ParseUser> LogInAsync(this IServiceHub serviceHub, string username, string password, CancellationToken cancellationToken = default(CancellationToken)) { return null; }
    }
}
