// Parse .NET 1.7 for Unity: the part that docs/clients/unity.md uses.
using System.Collections.Generic;
using System.Threading.Tasks;

namespace UnityEngine
{
    public static class Debug
    {
        public static void Log(object message) { }
    }
}

namespace Parse
{
    public static class ParseClient
    {
        public struct Configuration
        {
            public string ApplicationId { get; set; }
            public string Server { get; set; }
            public string WindowsKey { get; set; }
        }

        public static void Initialize(Configuration configuration) { }
    }

    public class ParseObject
    {
        public ParseObject(string className) { }

        public virtual object this[string key] { get { return null; } set { } }

        public string ObjectId { get; set; }

        public T Get<T>(string key) { return default(T); }

        public Task SaveAsync() { return null; }

        public static ParseQuery<ParseObject> GetQuery(string className) { return null; }
    }

    public class ParseUser : ParseObject
    {
        public ParseUser() : base("_User") { }

        public string Username { get; set; }
        public string Password { set { } }
        public string Email { get; set; }

        public Task SignUpAsync() { return null; }

        public static Task<ParseUser> LogInAsync(string username, string password) { return null; }
    }

    public class ParseQuery<T> where T : ParseObject
    {
        public ParseQuery<T> OrderBy(string key) { return this; }
        public ParseQuery<T> Limit(int count) { return this; }
        public ParseQuery<T> Include(string key) { return this; }
        public ParseQuery<T> WhereGreaterThan(string key, object value) { return this; }
        public Task<IEnumerable<T>> FindAsync() { return null; }
    }
}
